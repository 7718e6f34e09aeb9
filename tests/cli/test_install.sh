# make install: the program runs from where it was put, and a program of one's own builds against header and library.
. tests/cli/lib.sh

prefix=$folder/usr
check "make install" make --no-print-directory install BUILD="${BELLMAN%/bellman}" PREFIX=/usr DESTDIR="$folder"
check_output "the program" "bellman train" "$prefix/bin/bellman" --help
check_same "headers of the library, none of the command line" "agents bellman.h core draw envs meta nets optim render replay train tune watch" \
    "$(cd "$prefix/include/bellman" && echo *)"

# Strict flags: the headers must not warn in other people's programs.
for example in step_cartpole dqn_cartpole; do
    check "$example builds" ${CC:-gcc} -std=c11 -Wall -Wextra -Wpedantic -Werror -O2 ${EXTRA:-} "examples/$example.c" -o "$folder/$example" \
        -I"$prefix/include/bellman" -L"$prefix/lib" -lbellman -lyaml -lcjson -lm -lpthread
    check_into "$folder/$example.txt" "$example runs" "$folder/$example"
done
check_output "the agent learned to balance the pole" "mean return 475" tail -n 1 "$folder/dqn_cartpole.txt"

# A CartPole pays 1 a step: returns are the lengths of the episodes that ended within the hundred steps.
check_same "every lane ended an episode" "0: 1: 2: 3:" "$(cut -d ' ' -f 2 "$folder/step_cartpole.txt" | sort -u | xargs)"
check "no lane has more steps than were taken" awk '{ steps[$2] += $4 } END { for (lane in steps) if (steps[lane] > 100) exit 1 }' "$folder/step_cartpole.txt"
check_same "nothing but returns" "" "$(grep -vE '^lane [0-3]: return [0-9]+$' "$folder/step_cartpole.txt")"
finish
