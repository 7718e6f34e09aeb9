#!/bin/bash
# The rules of the house that a plain build does not check: lint.sh BUILD, where BUILD holds a built libbellman.a. Prints every
# breach; exit 1 when there is one.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

report() { # report MESSAGE: a breach for every line of standard input, once
    awk -v message="$1" 'NF && !seen[$0]++ { print message ": " $0 }' | tee -a "$scratch/breaches"
}
have() { # have PROGRAM WHAT: says that WHAT is not checked without it
    command -v "$1" >/dev/null 2>&1 || { echo "$1 is not installed: $2 not checked"; false; }
}

all=$(find src tests bench include examples -name '*.[ch]' | sort)

# FILE:LINE:TEXT of all code, without comments.
for file in $all; do
    gcc -fpreprocessed -dD -E "$file" 2>/dev/null |
        awk -v file="$file" '/^# [0-9]+ "/ { line = $2; next } { print file ":" line++ ":" $0 }'
done >"$scratch/code"
code() { # code PATTERN: the code of the files whose name matches, without what stands in quotes
    grep -E "^($1)" "$scratch/code" | sed -E 's/"([^"\\]|\\.)*"/""/g'
}

# Who may include whom (docs/ARCHITECTURE.md). Every header of our own is named by folder and file.
may_include() { # may_include FOLDER WHAT...: besides its own, whole folders or single headers
    local folder=$1 allowed="$1/[a-z0-9_]+"
    shift
    for what; do
        case $what in
            */*) allowed="$allowed|$what" ;;
            *) allowed="$allowed|$what/[a-z0-9_]+" ;;
        esac
    done
    sed -nE "s|^(src/$folder/[^:]*:[0-9]*):[[:space:]]*#[[:space:]]*include[[:space:]]*\"([^\"]*)\".*|\1 includes \2|p" "$scratch/code" |
        grep -vE " includes ($allowed)\.h$" | report "include direction"
}
may_include core
may_include envs core
may_include nets core
may_include optim core
may_include replay core envs/env
may_include agents core envs/env envs/encode nets optim replay
may_include train core envs nets optim replay agents
may_include meta core nets optim agents envs train
may_include tune core optim train
may_include draw core
may_include render core
may_include watch core envs optim agents train meta draw render/render
may_include cli core envs nets optim replay agents train meta tune draw watch render/render
code src/ | grep -v '^src/render/' | grep -E '\bSDL[_0-9]|[<"/]SDL' | report "SDL outside render/"

# Nothing below src/cli prints, exits, or draws from a global generator; and some calls are for nobody.
call='(^|[^_[:alnum:].>])'
code src/ | grep -v '^src/cli/' | grep -v '^src/tune/workers.c:.*_exit(0)' | # a worker's process ends there
    grep -E "$call(_?exit|_Exit|quick_exit|abort|assert|v?printf|puts|putchar|perror|[delmn]?rand(48)?|s?rand|s?random)[[:space:]]*\(|\b(stdout|stderr)\b" |
    report "forbidden in the library"
code . | grep -E "$call(strcpy|strcat|v?sprintf|gets|ato[fil]|atoll|strtok|alloca|s?rand)[[:space:]]*\(" | report "forbidden call"

for file in $all; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 600 ] || echo "$file has $lines lines"
done | report "too long"
# shellcheck disable=SC2086
printf '%s\n' $all | grep -v '/font_data\.' | LC_ALL=C.UTF-8 xargs grep -nE '^.{121}' | cut -c1-60 | report "wider than 120 columns"
find src -name '*_list.h' -exec grep -HnvE '^[A-Z]+\([a-z0-9_]+\)$' {} + | report "a list holds names only"

# No mutable file-scope objects in the library: the data and bss sections of its objects are empty.
[ -f "$build/libbellman.a" ] || echo "$build/libbellman.a is not there" | report "build first"
size -A "$build/libbellman.a" 2>/dev/null |
    awk '/ex /{ file = $1 } /^\.t?(data|bss)[ .]/ && !/rel\.ro/ && $2 > 0 { print file, $1, $2 " bytes" }' |
    report "mutable file-scope object"

# Warnings of both compilers are errors, in float and in double; every header compiles on its own, lists and templates apart.
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Isrc -Itests -Iinclude
    -DBM_ISA=base -fsyntax-only $(pkg-config --cflags yaml-0.1 libcjson sqlite3 check 2>/dev/null)"
warnings() { # warnings MESSAGE COMPILER FLAGS, the files on standard input
    # shellcheck disable=SC2086
    xargs -n 12 -P "$(nproc)" "${@:2}" $flags 2>&1 | grep -E '(warning|error):' | report "$1"
}
for compiler in gcc clang; do
    have $compiler "its warnings" || continue
    find src tests bench examples -name '*.c' ! -name '*_double.c' | warnings "$compiler" $compiler
    find src tests \( -path 'src/*' -o -name '*_double.c' \) -name '*.c' ! -path 'src/cli/*' |
        warnings "$compiler, double" $compiler -DBM_DOUBLE
done
# shellcheck disable=SC2086
printf '%s\n' $all | grep '\.h$' | grep -vE '_list\.h|/both\.h|/meanings\.h' | warnings "header on its own" gcc -Wno-unused-function -x c

if have clang-format formatting; then
    # shellcheck disable=SC2086
    printf '%s\n' $all | grep -v '_list\.h$' | xargs clang-format --dry-run --Werror 2>&1 | sed -nE 's/^([^: ]+):[0-9].*/\1/p' | uniq |
        report "formatting (make format)"
fi
if have shellcheck scripts; then
    shellcheck -f gcc tools/*.sh bench/*.sh .ci/run 2>&1 | report "shellcheck"
    shellcheck -s bash -x -S warning -f gcc tests/cli/*.sh 2>&1 | report "shellcheck"
fi
find . -name '*.py' ! -path './build/*' -exec python3 -c 'import sys
for name in sys.argv[1:]:
    try:
        compile(open(name).read(), name, "exec")
    except SyntaxError as error:
        print(f"{name}:{error.lineno}: {error.msg}")' {} + | report "python"

if [ -s "$scratch/breaches" ]; then
    echo "lint: $(wc -l <"$scratch/breaches") breaches"
    exit 1
fi
echo "lint: clean"
