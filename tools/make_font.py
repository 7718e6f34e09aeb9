#!/usr/bin/env python3
"""Writes src/draw/font_data.c: the outlines of one typeface, as tables. Needs fonttools (apt: python3-fonttools).

    tools/make_font.py [FONT.ttf] > src/draw/font_data.c

Made from DejaVu Sans 2.37 (apt: fonts-dejavu-core). The header src/draw/font_data.h says what the numbers mean.
"""
import re
import sys
import textwrap

from fontTools.ttLib import TTFont

CHARACTERS = [*range(32, 127), *range(161, 256)] + [
    ord(character) for character in
    "–—‑‘’“”•…−≈≠≤≥∞√∑∂∇∈←↑→↓↔■▶●○" "αβγδεζηθλμνξπρστφχψωΓΔΘΛΣΦΩ"
]
COLUMNS = 138
CONTOUR = 80
LAST, ON_CURVE, FLAGS = 1, 2, 4


def contours_of(font, character):
    """Lists of (x, y, on curve), each beginning on the curve; composite glyphs become one."""
    table = font["glyf"]
    points, ends, on_curve = table[font.getBestCmap()[character]].getCoordinates(table)
    begin = 0
    for end in ends:
        contour = [(*points[i], on_curve[i] & 1) for i in range(begin, end + 1)]
        begin = end + 1
        first = next((i for i, point in enumerate(contour) if point[2]), None)
        if first is None:
            (x0, y0, _), (x1, y1, _) = contour[-1], contour[0]
            contour.insert(0, (round((x0 + x1) / 2), round((y0 + y1) / 2), 1))
            first = 0
        contour = contour[first:] + contour[:first]
        if len(contour) > CONTOUR:
            sys.exit(f"character {character:#x}: {len(contour)} points in a contour, more than {CONTOUR}")
        yield contour


def box():
    """Stands for every character that is missing: a frame as high as the capitals."""
    def rectangle(inset):
        left, right, bottom, top = 120 + inset, 1109 - inset, inset, 1493 - inset
        return [(left, bottom, 1), (left, top, 1), (right, top, 1), (right, bottom, 1)]
    return [rectangle(0), rectangle(120)[::-1]]


def wrapped(items):
    lines = ["    "]
    for item in items:
        if len(lines[-1]) + len(item) > COLUMNS:
            lines.append("    ")
        lines[-1] += item
    return "\n".join(lines)


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    font = TTFont(path)
    names = font["name"]
    glyphs = [(0, 1229, box())]
    for character in sorted(CHARACTERS):
        name = font.getBestCmap()[character]
        glyphs.append((character, font["hmtx"][name][0], list(contours_of(font, character))))

    rows, points = [], []
    for character, advance, contours in glyphs:
        rows.append(f"{{{character},{advance},{len(points)}}},")
        for contour in contours:
            for i, (x, y, on_curve) in enumerate(contour):
                flags = (LAST if i == len(contour) - 1 else 0) + (ON_CURVE if on_curve else 0)
                points.append(f"{x * FLAGS + flags},{y},")
    rows.append(f"{{65535,0,{len(points)}}},")

    print("/* Outlines of characters of DejaVu Sans, in tables: written by tools/make_font.py, not by hand.")
    print(" *")
    notice = "\n\n".join(names.getDebugName(i).replace("\r", "") for i in (0, 5, 13))
    for paragraph in re.split(r"\n\s*\n", notice):
        lines = [line.strip() for line in paragraph.splitlines() if line.strip("- ")]
        for line in textwrap.wrap(" ".join(lines), COLUMNS - 4):
            print(f" * {line}")
        print(" *")
    print(" */")
    print('#include "draw/font_data.h"\n')
    print("/* clang-format off */")
    print(f"const int bm_font_glyphs = {len(glyphs)};\n")
    print("const bm_glyph bm_font_glyph[] = {")
    print(wrapped(rows))
    print("};\n")
    print("const int16_t bm_font_point[] = {")
    print(wrapped(points))
    print("};")


main()
