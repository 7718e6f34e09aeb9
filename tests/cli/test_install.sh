# make install: the program runs from where it was put, and a program of one's own builds against header and library.
. tests/cli/lib.sh

prefix=$folder/usr
check "make install" make --no-print-directory install BUILD="${BELLMAN%/bellman}" PREFIX=/usr DESTDIR="$folder"
check_output "the program" "bellman train" "$prefix/bin/bellman" --help
check_same "headers of the library, none of the command line" "agents bellman.h core draw envs meta nets optim render replay train tune watch" \
    "$(cd "$prefix/include/bellman" && echo *)"

# Strict flags: the headers must not warn in other people's programs.
check "an example builds" "${CC:-gcc}" -std=c11 -Wall -Wextra -Wpedantic -Werror ${EXTRA:-} examples/step_cartpole.c -o "$folder/example" \
    -I"$prefix/include/bellman" -L"$prefix/lib" -lbellman -lyaml -lcjson -lm -lpthread
check_into "$folder/returns" "it runs" "$folder/example"

# A CartPole pays 1 a step: returns are the lengths of the episodes that ended within the hundred steps.
check_same "every lane ended an episode" "0: 1: 2: 3:" "$(cut -d ' ' -f 2 "$folder/returns" | sort -u | xargs)"
check "no lane has more steps than were taken" awk '{ steps[$2] += $4 } END { for (lane in steps) if (steps[lane] > 100) exit 1 }' "$folder/returns"
check_same "nothing but returns" "" "$(grep -vE '^lane [0-3]: return [0-9]+$' "$folder/returns")"
finish
