#!/bin/sh
# Prints a C file that holds the images, sorted by digit: tools/embed_digits.sh data/digits.csv.gz > digits.c
# A row that is not 64 numbers from 0 to 16 and a digit is refused.
set -eu

gunzip -c "$1" | awk -F, '
BEGIN {
    print "/* Made by tools/embed_digits.sh from data/digits.csv.gz. */"
    print "#include \"meta/digits_data.h\"\n"
    print "const bm_digit bm_digits[BM_DIGITS] = {"
}
function refuse() {
    print "line " NR " is no image with its digit" > "/dev/stderr"
    refused = 1
    exit 1
}
{
    if (NF != 65 || $65 !~ /^[0-9]$/) refuse()
    pixels = ""
    for (i = 1; i <= 64; i++) {
        if ($i !~ /^[0-9]+$/ || $i > 16) refuse()
        pixels = pixels (i > 1 ? "," : "") $i
    }
    images[$65] = images[$65] "    {" $65 ", {" pixels "}},\n"
}
END {
    if (refused) exit 1
    for (digit = 0; digit < 10; digit++) printf "%s", images[digit]
    print "};\n"
    print "_Static_assert(BM_DIGITS == " NR ", \"as many images as the file has\");"
}'
