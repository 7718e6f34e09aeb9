#!/bin/sh
# The rules of the house that a compiler does not check. Prints every breach; exit 1 when there is one.
cd "$(dirname "$0")/.." || exit 1
breaches=0
breach() {
    printf '%s\n' "$1"
    breaches=$((breaches + 1))
}
report() { # report MESSAGE, the places on standard input
    while IFS= read -r place; do
        [ -n "$place" ] && breach "$1: $place"
    done <<EOF
$(cat)
EOF
}

# Who may include whom (docs/ARCHITECTURE.md).
allow() { # allow FOLDER "FOLDERS IT MAY INCLUDE FROM"
    for file in src/"$1"/*.[ch]; do
        [ -e "$file" ] || continue
        sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sort -u | while IFS= read -r from; do
            case " $1 $2 " in
                *" $from "*) ;;
                *) echo "$file includes from $from/" ;;
            esac
        done
    done | report "include direction"
}
allow core ""
allow envs "core"
allow nets "core"
allow optim "core"
allow replay "core envs"
allow agents "core envs nets optim replay"
allow train "core envs nets optim replay agents"
allow cli "core envs nets optim replay agents train"
grep -n '#include "envs/' src/replay/*.[ch] src/agents/*.[ch] 2>/dev/null | grep -vE '"envs/(env|encode)\.h"' |
    report "only env.h and encode.h of envs"
grep -ln 'SDL' src/*/*.[ch] 2>/dev/null | report "SDL outside render/"

# Nothing below src/cli prints, exits or draws from the global generator.
library=$(ls src/core/*.[ch] src/envs/*.[ch] src/nets/*.[ch] src/optim/*.[ch] src/replay/*.[ch] src/agents/*.[ch] src/train/*.[ch])
# shellcheck disable=SC2086
grep -nE '(^|[^_a-z])(exit|abort|printf|puts|putchar|perror|rand|srand|random|assert)\(|f?printf\((stdout|stderr)' $library |
    grep -vE ':[[:space:]]*(\*|/\*|//)|"[^"]*(exit|printf|rand|random|assert)\(' | grep -vE '/\* .*\(.*\*/' | report "forbidden call"
# shellcheck disable=SC2086
grep -nE '(^|[^_a-z])(strcpy|strcat|sprintf|vsprintf|gets|atoi|atof|strtok)\(' $library src/cli/*.[ch] tests/*.[ch] tests/*/*.c bench/*.c 2>/dev/null |
    report "forbidden call"

# No mutable file-scope objects in the library: the data and bss sections of its objects are empty.
build=${BUILD:-build}
if [ -f "$build/libbellman.a" ]; then
    size -A "$build/libbellman.a" | awk '/ex /{ file = $1 } /^\.(data|bss|tdata|tbss)[ .]/ && !/rel\.ro/ && $2 > 0 { print file, $1, $2 " bytes" }' |
        report "mutable file-scope object"
else
    echo "build first: the library's objects not checked"
fi

# Formatting; the *_list.h files are not C on their own.
if command -v clang-format >/dev/null 2>&1; then
    find src tests bench include -name '*.[ch]' ! -name '*_list.h' 2>/dev/null | sort | while IFS= read -r file; do
        clang-format --dry-run --Werror "$file" >/dev/null 2>&1 || echo "$file"
    done | report "formatting (make format)"
else
    echo "clang-format is not installed: formatting not checked"
fi

# Warnings of both compilers are errors.
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Isrc -Itests -fsyntax-only"
for compiler in gcc clang; do
    command -v $compiler >/dev/null 2>&1 || { echo "$compiler is not installed: its warnings not checked"; continue; }
    for file in $(find src tests bench -name '*.c' ! -name '*.isa.c' | sort); do
        # shellcheck disable=SC2046,SC2086
        $compiler $flags $(pkg-config --cflags openblas yaml-0.1 libcjson check) "$file" >/dev/null 2>&1 || echo "$compiler $file"
    done | report "warnings"
done

if [ "$breaches" -gt 0 ]; then
    echo "lint: $breaches breaches"
    exit 1
fi
echo "lint: clean"
