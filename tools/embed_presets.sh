#!/bin/sh
# Prints a C file that holds the given preset files: tools/embed_presets.sh presets/*.yaml > presets.c
# Bytes, not string literals: ISO C promises no more than 4095 characters of those. Zero files are fine.
set -eu

printf '/* Made by tools/embed_presets.sh from presets; edit those. */\n#include "core/preset.h"\n'
i=0
for file in "$@"; do
    printf '\nstatic const unsigned char preset_%d[] = { /* %s */\n' "$i" "${file##*/}"
    od -An -v -tu1 "$file" | sed -e 's/  */ /g' -e 's/^ //' -e 's/ /, /g' -e 's/$/,/' -e 's/^/    /'
    printf '    0,\n};\n'
    i=$((i + 1))
done

printf '\nconst bm_embedded_preset bm_embedded_presets[] = {\n'
i=0
for file in "$@"; do
    name=${file##*/}
    printf '    {"%s", preset_%d, sizeof preset_%d - 1},\n' "${name%.yaml}" "$i" "$i"
    i=$((i + 1))
done
printf '    {NULL, NULL, 0},\n};\n'
