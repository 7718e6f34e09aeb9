/* See page.h. */
#include "cli/page.h"

#include <math.h>
#include <stdio.h>

#include "cli/cli.h"
#include "train/experiment.h"

static const char style[] =
    ":root{color-scheme:light "
    "dark;--paper:#fff;--panel:#f3f5f7;--ink:#1d2329;--gray:#6b747e;--rule:#d4d9de;--mark:#fff3cf;"
    "--link:#0072b2;--blue:#0072b2}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#14181c;--panel:#1e242a;--ink:#e6eaee;--gray:#98a3ae;--rule:#"
    "343c44;"
    "--mark:#4a3c10;--link:#6cc0f5;--blue:#3d9fdc}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,"
    "'Helvetica Neue',Arial,sans-serif}\n"
    "main{max-width:1200px;margin:0 auto;padding:2.5rem 1.25rem 4rem}\n"
    "h1{font-size:1.75rem;line-height:1.25;letter-spacing:-.015em;margin:0 0 .25rem;font-weight:650}\n"
    "h2{font-size:1.15rem;margin:2.75rem 0 .75rem;font-weight:650}\n"
    "p{margin:.25rem 0}\n"
    ".quiet,caption{color:var(--gray);font-size:.875rem;text-align:left}\n"
    "figure{margin:1.5rem 0 0}\n"
    "figure svg{display:block;max-width:100%;height:auto}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.4rem .9rem .4rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule);"
    "white-space:nowrap}\n"
    "th{font-weight:600}\n"
    "thead th{color:var(--gray);font-weight:500;font-size:.8125rem;vertical-align:bottom}\n"
    ".n{text-align:right}\n"
    "code,.key{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.85em;font-weight:400}\n"
    ".settings td{padding-left:.5rem}.settings thead th{padding-left:.5rem;white-space:normal;min-width:8rem}\n"
    ".settings th:first-child{position:sticky;left:0;background:var(--paper);padding-left:0;min-width:0}\n"
    "td.differs{background:var(--mark);font-weight:600}\n"
    ".swatch{display:inline-block;width:1.1em;height:.25em;border-radius:.2em;margin-right:.5em;vertical-align:middle}"
    "\n"
    "a{color:var(--link)}summary{cursor:pointer;color:var(--gray);font-size:.875rem;margin-top:1rem}\n"
    "ul{padding-left:1.2rem;margin:.25rem 0}\n"
    /* The drawing's palette, by what it means. */
    "svg [fill='#1d2329']{fill:var(--ink)}svg [stroke='#1d2329']{stroke:var(--ink)}\n"
    "svg [fill='#6b747e']{fill:var(--gray)}svg [stroke='#6b747e']{stroke:var(--gray)}\n"
    "svg [fill='#d4d9de']{fill:var(--rule)}svg [stroke='#d4d9de']{stroke:var(--rule)}\n"
    "svg [fill='#0072b2']{fill:var(--blue)}svg [stroke='#0072b2']{stroke:var(--blue)}\n"
    "svg [fill='#ffffff']{fill:var(--paper)}\n"
    "pre{background:var(--panel);padding:.8rem 1rem;border-radius:.4rem;overflow-x:auto;line-height:1.45;"
    "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.85rem;margin:.5rem 0}\n"
    ".result{font-size:1.1rem;margin:1.5rem 0 0}.result b{font-size:2.25rem;font-weight:650;letter-spacing:-.02em}"
    ".result span{color:var(--gray);font-size:.95rem;margin-left:.8rem}\n"
    ".chosen td{background:var(--mark);font-weight:600}.faint td{color:var(--gray)}.why{white-space:normal}\n"
    ".bars{width:100%;max-width:820px}.bars th,.bars td{border:0;padding:.15rem .9rem .15rem 0}.bars .bar{width:70%}"
    ".bar span{display:block;height:1em;min-width:1px;border-radius:.15em;margin-top:.25em}\n"
    "@media print{main{max-width:none;padding:0}}\n";

void bm_page_begin(bm_markup *page, const char *title) {
    bm_markup_put(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
    bm_markup_escape(page, title);
    bm_markup_put(page, "</title>\n<style>\n");
    bm_markup_put(page, style);
    bm_markup_put(page, "</style>\n</head>\n<body>\n<main>\n<h1>");
    bm_markup_escape(page, title);
    bm_markup_put(page, "</h1>\n");
}

void bm_page_end(bm_markup *page) {
    bm_markup_put(page, "<p class=\"quiet\" style=\"margin-top:3rem\">bellman " BM_VERSION
                        "</p>\n</main>\n</body>\n</html>\n");
}

void bm_page_cell(bm_markup *page, const char *text) {
    bm_markup_put(page, "<td>");
    bm_markup_escape(page, text);
    bm_markup_put(page, "</td>");
}

void bm_page_number_cell(bm_markup *page, double value, const char *format) {
    char text[64];
    snprintf(text, sizeof text, format, value);
    bm_markup_putf(page, "<td class=\"n\">%s</td>", isfinite(value) ? text : "–");
}

void bm_page_count_cell(bm_markup *page, int64_t count) {
    char text[32];
    bm_markup_putf(page, "<td class=\"n\">%s</td>", bm_cli_thousands(count, text, sizeof text));
}
