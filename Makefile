# Bellman. Two commands a newcomer needs: make demo, make test. The rest: make help.
#
#   CC=gcc|clang   BUILD=build   SDL=0|1   MPI=0|1   PREFIX=/usr/local   EXTRA="more compiler flags"

CC      ?= gcc
BUILD   ?= build
PREFIX  ?= /usr/local
SDL     ?= 1
MPI     ?= 0
PYTHON  ?= $(firstword $(wildcard /usr/bin/python3) python3)

ifeq ($(origin CC),default)
CC := gcc
endif

LIBRARIES := yaml-0.1 libcjson sqlite3
PKGS       = $(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null)
LDLIBS     = $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null) -lm -lpthread -ldl
CHECK_LIBS = $(shell pkg-config --libs check 2>/dev/null)
# What the render module needs. Each is left out where it is missing, and the program says so when it is asked for.
have       = $(shell pkg-config --exists $1 2>/dev/null && echo 1)
SDL_THERE := $(if $(filter-out 0,$(SDL)),$(call have,sdl2))
PNG_THERE := $(call have,libpng)
GIF_THERE := $(wildcard /usr/include/gif_lib.h)
RENDER_FLAGS  = $(if $(SDL_THERE),-DBM_SDL $(shell pkg-config --cflags sdl2))
RENDER_FLAGS += $(if $(PNG_THERE),-DBM_PNG $(shell pkg-config --cflags libpng)) $(if $(GIF_THERE),-DBM_GIF)
RENDER_LIBS   = $(if $(SDL_THERE),$(shell pkg-config --libs sdl2)) $(if $(PNG_THERE),$(shell pkg-config --libs libpng))
RENDER_LIBS  += $(if $(GIF_THERE),-lgif)
# A study over several machines (src/tune/ranks.c). One object of the program differs, so the library and its tests do without MPI, and
# where Open MPI is there, the tests have a second program, bellman-mpi.
MPI_FLAGS  = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags ompi-c 2>/dev/null || mpicc --showme:compile))
MPI_LIBS   = $(shell pkg-config --libs ompi-c 2>/dev/null || mpicc --showme:link)
MPI_WANTED := $(filter-out 0,$(MPI))

# What make demo and make test build uses all processors, unless make -j says otherwise.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))

# make V=1 shows the commands
Q   := $(if $(V),,@)
say  = $(if $(V),,@echo "  $1	$2")

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Werror
CFLAGS   ?= -O3 -g
# Numbers stay the same: no contraction, except in the matrix kernels (*.isa.c), where fused multiply-add is the point.
STRICT   := -std=c11 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -fno-math-errno $(WARNINGS)
ALL_CFLAGS = $(STRICT) -Isrc -I$(BUILD)/generated $(PKGS) $(CFLAGS) $(EXTRA) -MMD -MP

LIB_SOURCES := $(filter-out %.isa.c,$(wildcard src/core/*.c src/envs/*.c src/nets/*.c src/optim/*.c src/replay/*.c \
                 src/agents/*.c src/train/*.c src/meta/*.c src/tune/*.c src/draw/*.c src/watch/*.c))
ISA_SOURCES := $(wildcard src/*/*.isa.c)
CLI_SOURCES := $(wildcard src/cli/*.c)
# The module carries its own copy of what it shares with the library.
RENDER_SOURCES := $(wildcard src/render/*.c) src/core/error.c src/core/io.c src/core/arena.c src/core/crc32c.c
HEADERS     := $(patsubst src/%,%,$(filter-out src/cli/%,$(wildcard src/*/*.h)))
# Without libpng no picture can be compared with those kept.
TESTS       := $(filter-out $(if $(PNG_THERE),,%/test_pictures.c),$(wildcard tests/*/test_*.c))
DOUBLE_TESTS := $(wildcard tests/*/test_*_double.c)
GOLDEN_SOURCES := $(wildcard tests/golden_files/*.c)
SCRIPTS     := $(wildcard tests/*/test_*.sh)
PRESETS     := $(wildcard presets/*.yaml)
BENCHES     := $(wildcard bench/*.c)

# One kernel text, several instruction sets; src/nets/kernels.c picks one at run time.
ISAS := base
ifneq (,$(filter x86_64% amd64%,$(shell $(CC) -dumpmachine)))
ISAS += v3 v4
endif
ISA_FLAGS_base :=
ISA_FLAGS_v3   := -march=x86-64-v3
ISA_FLAGS_v4   := -march=x86-64-v4 -mprefer-vector-width=512

OBJECTS        := $(LIB_SOURCES:%.c=$(BUILD)/%.o) $(foreach i,$(ISAS),$(ISA_SOURCES:%.isa.c=$(BUILD)/%.$i.o))
OBJECTS        += $(BUILD)/generated/presets.o $(BUILD)/generated/digits.o
DOUBLE_OBJECTS := $(OBJECTS:$(BUILD)/%=$(BUILD)/double/%)
CLI_OBJECTS    := $(CLI_SOURCES:%.c=$(BUILD)/%.o)
RENDER_OBJECTS := $(RENDER_SOURCES:%.c=$(BUILD)/module/%.o)
TEST_PROGRAMS  := $(TESTS:%.c=$(BUILD)/%)
# The comparisons with reference files, in float and in double (tests/golden_files/golden.h).
GOLDEN_PROGRAMS := $(BUILD)/tests/golden_files/golden $(BUILD)/tests/golden_files/golden_double
GOLDEN         ?= tests/golden
TEST_RANKS     := $(if $(call have,ompi-c),$(BUILD)/bellman-mpi)
BENCH_PROGRAMS := $(BENCHES:%.c=$(BUILD)/%)

.PHONY: all demo test golden asan lint pictures bench install clean deps deps-dev help format
.SECONDARY:
.DELETE_ON_ERROR:

all: $(BUILD)/bellman $(BUILD)/bellman-render.so

help:
	@echo "make            build the program, $(BUILD)/bellman"
	@echo "make demo       install what is missing, build, train a DQN agent on CartPole, evaluate and record it"
	@echo "make test       install what is missing, build, run all tests"
	@echo "make golden     compare with the reference files of a folder, GOLDEN=$(GOLDEN)"
	@echo "make asan       the tests under AddressSanitizer and UndefinedBehaviorSanitizer"
	@echo "make lint       layering, forbidden calls, formatting, warnings of gcc and clang"
	@echo "make pictures   draw the pictures that tests compare with again"
	@echo "make bench      speed beside peers and the machine's limits (installs PyTorch from apt for the comparison)"
	@echo "make install    PREFIX=$(PREFIX)"
	@echo "make clean"
	@echo "SDL=0           no window;  MPI=1: bellman tune over several machines, under mpirun or Slurm (needs Open MPI)"

deps:
	@SDL=$(SDL) MPI=$(MPI) tools/deps.sh build

deps-dev:
	@SDL=$(SDL) MPI=$(MPI) tools/deps.sh test

demo: deps
	@$(MAKE) --no-print-directory $(JOBS) all
	$(BUILD)/bellman train dqn CartPole-v1 --runs $(BUILD)/demo
	@tools/demo_after.sh $(BUILD)/bellman $(BUILD)/demo

test: deps-dev
	@$(MAKE) --no-print-directory $(JOBS) test-programs
	@BELLMAN=$(BUILD)/bellman tools/run_tests.sh $(SCRIPTS) $(GOLDEN_PROGRAMS) $(TEST_PROGRAMS)

golden: deps-dev
	@$(MAKE) --no-print-directory $(JOBS) $(BUILD)/tests/golden_files/golden_double
	@$(BUILD)/tests/golden_files/golden_double $(GOLDEN)

.PHONY: test-programs bench-programs
test-programs: all $(GOLDEN_PROGRAMS) $(TEST_PROGRAMS) $(TEST_RANKS)
bench-programs: all $(BENCH_PROGRAMS)

# Fewer kills, and no learning from start to end, which shows nothing here that shorter runs do not. -O2 keeps the kernels' vectors
# in registers; at -O1 their tests take twenty times as long.
asan: deps-dev
	@KILLS=4 $(MAKE) --no-print-directory BUILD=$(BUILD)/asan test CFLAGS="-O2 -g" \
	    EXTRA="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" \
	    SCRIPTS="$(filter-out %/test_learning.sh,$(SCRIPTS))"

pictures: deps-dev
	@$(MAKE) --no-print-directory $(JOBS) $(BUILD)/tests/draw/test_pictures
	@BM_PICTURES=renew $(BUILD)/tests/draw/test_pictures
	@echo "tests/golden/pictures is renewed: look at every picture before you commit it"

lint: deps-dev
	@$(MAKE) --no-print-directory -s $(JOBS) $(BUILD)/libbellman.a
	@tools/lint.sh $(BUILD)

format:
	clang-format -i $(shell git ls-files '*.c' '*.h' | grep -v _list.h)

bench:
	@SDL=$(SDL) MPI=$(MPI) tools/deps.sh bench
	@$(MAKE) --no-print-directory $(JOBS) bench-programs
	@bench/run.sh $(BUILD) $(PYTHON)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/include/bellman
	install -m 755 $(BUILD)/bellman $(DESTDIR)$(PREFIX)/bin/bellman
	install -d $(DESTDIR)$(PREFIX)/lib/bellman
	install -m 755 $(BUILD)/bellman-render.so $(DESTDIR)$(PREFIX)/lib/bellman/bellman-render.so
	install -m 644 $(BUILD)/libbellman.a $(DESTDIR)$(PREFIX)/lib/libbellman.a
	install -m 644 include/bellman.h $(DESTDIR)$(PREFIX)/include/bellman/bellman.h
	@for header in $(HEADERS); do \
	    install -D -m 644 src/$$header $(DESTDIR)$(PREFIX)/include/bellman/$$header || exit 1; \
	done

clean:
	rm -rf $(BUILD)

# ---- rules -----------------------------------------------------------------------------------------------------

$(BUILD)/bellman: $(CLI_OBJECTS) $(if $(MPI_WANTED),$(BUILD)/mpi/ranks.o) $(BUILD)/libbellman.a $(BUILD)/mpi/wanted
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) -o $@ $(filter %.o %.a,$^) $(LDLIBS) $(if $(MPI_WANTED),$(MPI_LIBS))

$(BUILD)/bellman-mpi: $(CLI_OBJECTS) $(BUILD)/mpi/ranks.o $(BUILD)/libbellman.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) -o $@ $^ $(LDLIBS) $(MPI_LIBS)

$(BUILD)/mpi/ranks.o: src/tune/ranks.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -DBM_MPI $(MPI_FLAGS) -c -o $@ $<

# Linked again with another MPI=.
$(BUILD)/mpi/wanted: FORCE
	@mkdir -p $(@D)
	@echo '$(MPI_WANTED)' | cmp -s - $@ || echo '$(MPI_WANTED)' > $@

$(BUILD)/bellman-render.so: $(RENDER_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) -shared -Wl,--no-undefined -o $@ $^ $(RENDER_LIBS) -lm -lpthread

$(BUILD)/libbellman.a: $(OBJECTS)
	@rm -f $@
	$(call say,AR,$@)
	$(Q)ar rcs $@ $^

$(BUILD)/double/libbellman.a: $(DOUBLE_OBJECTS)
	@rm -f $@
	$(call say,AR,$@)
	$(Q)ar rcs $@ $^

$(BUILD)/tests/golden_files/golden: $(GOLDEN_SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/tests/support.o $(BUILD)/libbellman.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) -o $@ $^ $(LDLIBS) $(CHECK_LIBS)

$(BUILD)/tests/golden_files/golden_double: $(GOLDEN_SOURCES:%.c=$(BUILD)/double/%.o) $(BUILD)/tests/support.o \
    $(BUILD)/double/libbellman.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) -o $@ $^ $(LDLIBS) $(CHECK_LIBS)

$(BUILD)/tests/%_double: $(BUILD)/double/tests/%_double.o $(BUILD)/tests/support.o $(BUILD)/double/libbellman.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) -o $@ $^ $(LDLIBS) $(CHECK_LIBS)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/tests/support.o $(BUILD)/libbellman.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) -o $@ $^ $(LDLIBS) $(CHECK_LIBS)

$(BUILD)/tests/draw/test_pictures: LDLIBS += $(shell pkg-config --libs libpng 2>/dev/null)

# Every allocation of these programs passes through counters of their own.
$(BUILD)/tests/agents/test_allocation: LDLIBS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=posix_memalign

$(BUILD)/bench/%: $(BUILD)/bench/%.o $(BUILD)/libbellman.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA) -o $@ $^ $(LDLIBS)

# Presets and data travel inside the library, so that the program is one file.
$(BUILD)/generated/presets.c: $(PRESETS) tools/embed_presets.sh
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)tools/embed_presets.sh $(PRESETS) > $@

$(BUILD)/generated/digits.c: data/digits.csv.gz tools/embed_digits.sh
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)tools/embed_digits.sh $< > $@

define isa_rules
$(BUILD)/%.$1.o: %.isa.c
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)$(CC) $$(ALL_CFLAGS) -ffp-contract=fast $(ISA_FLAGS_$1) -DBM_ISA=$1 -c -o $$@ $$<
$(BUILD)/double/%.$1.o: %.isa.c
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)$(CC) $$(ALL_CFLAGS) -DBM_DOUBLE -ffp-contract=fast $(ISA_FLAGS_$1) -DBM_ISA=$1 -c -o $$@ $$<
endef
$(foreach i,$(ISAS),$(eval $(call isa_rules,$i)))

$(BUILD)/double/generated/%.o: $(BUILD)/generated/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -DBM_DOUBLE -c -o $@ $<

$(BUILD)/generated/%.o: $(BUILD)/generated/%.c
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Rebuilt when a library came or went, or with another SDL=.
$(BUILD)/module/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(RENDER_FLAGS)' | cmp -s - $@ || echo '$(RENDER_FLAGS)' > $@
.PHONY: FORCE

$(BUILD)/module/%.o: %.c $(BUILD)/module/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(RENDER_FLAGS) -fPIC -fvisibility=hidden -c -o $@ $<

$(BUILD)/double/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -DBM_DOUBLE -Itests -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -c -o $@ $<

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
