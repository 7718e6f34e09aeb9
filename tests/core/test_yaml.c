/* YAML: the tree, merges, what is refused, and that quoting survives reading. */
#include "core/yaml.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static bm_arena arena; /* test state; freed by each test */

static const bm_yaml *parse(const char *text) {
    bm_yaml *root = NULL;
    bm_error error = {""};
    const bm_status status = bm_yaml_parse("t.yaml", text, strlen(text), &arena, &root, &error);
    ck_assert_msg(status == BM_OK, "%s", error.text);
    ck_assert_ptr_nonnull(root);
    return root;
}

static void refuse(const char *text, const char *message) {
    bm_yaml *root = NULL;
    bm_error error = {""};
    ck_assert_int_eq(bm_yaml_parse("t.yaml", text, strlen(text), &arena, &root, &error), BM_INVALID);
    ck_assert_str_eq(error.text, message);
    bm_arena_free(&arena);
}

/* The tree in one line: {a: 1, b: [2, 3]}. */
static void show(const bm_yaml *node, char *text, size_t bytes) {
    const size_t used = strlen(text);
    char *at = text + used;
    if (node->key) {
        snprintf(at, bytes - used, "%s: ", node->key);
    }
    if (node->kind == BM_YAML_SCALAR) {
        snprintf(at + strlen(at), bytes - strlen(text), "%s", node->text);
        return;
    }
    snprintf(at + strlen(at), bytes - strlen(text), "%s", node->kind == BM_YAML_MAP ? "{" : "[");
    for (size_t i = 0; i < node->count; i++) {
        snprintf(text + strlen(text), bytes - strlen(text), "%s", i ? ", " : "");
        show(node->items[i], text, bytes);
    }
    snprintf(text + strlen(text), bytes - strlen(text), "%s", node->kind == BM_YAML_MAP ? "}" : "]");
}

static void assert_tree(const char *text, const char *want) {
    char shown[1024] = "";
    show(parse(text), shown, sizeof shown);
    ck_assert_str_eq(shown, want);
    bm_arena_free(&arena);
}

START_TEST(maps_lists_and_scalars) {
    assert_tree("a: 1\nb:\n  - x\n  - [y, 'z z']\nc: {d: \"e\\tf\"}\n", "{a: 1, b: [x, [y, z z]], c: {d: e\tf}}");
    assert_tree("just text", "just text");
    assert_tree("- 1\n- {}\n- []\n- ''\n", "[1, {}, [], ]");
    assert_tree("a:\nb: ~\n", "{a: , b: ~}");
}
END_TEST

START_TEST(tags_are_accepted_and_the_text_is_kept) {
    assert_tree("n: !!float 5e4\nm: !!str 1_000\nk: !custom x\n", "{n: 5e4, m: 1_000, k: x}");
}
END_TEST

START_TEST(an_empty_text_is_an_empty_map) {
    assert_tree("", "{}");
    assert_tree("# nothing but a comment\n", "{}");
}
END_TEST

START_TEST(lines_are_those_of_the_keys) {
    const bm_yaml *root = parse("# comment\na: 1\n\nb:\n  c: 2\n  d:\n    - 3\n");
    ck_assert_int_eq(root->line, 2);
    ck_assert_int_eq(bm_yaml_get(root, "a")->line, 2);
    ck_assert_int_eq(bm_yaml_get(root, "b")->line, 4);
    ck_assert_int_eq(bm_yaml_get(bm_yaml_get(root, "b"), "d")->line, 6);
    ck_assert_int_eq(bm_yaml_get(bm_yaml_get(root, "b"), "d")->items[0]->line, 7);
    bm_arena_free(&arena);
}
END_TEST

START_TEST(get_finds_keys_of_maps_only) {
    const bm_yaml *root = parse("a: 1\nb: [a]\n");
    ck_assert_str_eq(bm_yaml_get(root, "a")->text, "1");
    ck_assert_ptr_null(bm_yaml_get(root, "A"));
    ck_assert_ptr_null(bm_yaml_get(bm_yaml_get(root, "b"), "a"));
    ck_assert_ptr_null(bm_yaml_get(bm_yaml_get(root, "a"), "a"));
    bm_arena_free(&arena);
}
END_TEST

START_TEST(an_alias_shares_what_it_stands_for) {
    const bm_yaml *root = parse("a: &x {k: [1, 2]}\nb: *x\n");
    ck_assert_ptr_eq(bm_yaml_get(root, "a")->items, bm_yaml_get(root, "b")->items);
    ck_assert_str_eq(bm_yaml_get(root, "b")->key, "b");
    ck_assert_int_eq(bm_yaml_get(root, "b")->line, 2);
    bm_arena_free(&arena);
    assert_tree("a: &x 1\nb: *x\nc: [*x, *x]\n", "{a: 1, b: 1, c: [1, 1]}");
}
END_TEST

START_TEST(merged_keys_yield_to_own_ones) {
    assert_tree("d: &d {x: 1, y: 2}\ne:\n  <<: *d\n  y: 3\n", "{d: {x: 1, y: 2}, e: {y: 3, x: 1}}");
    assert_tree("e: {y: 3, <<: {x: 1, y: 2}}", "{e: {y: 3, x: 1}}");
}
END_TEST

START_TEST(earlier_maps_of_a_merge_list_win) {
    assert_tree("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b]}\nd: {<<: [*b, *a], z: 3}\n",
                "{a: {x: 1, y: 1}, b: {y: 2, z: 2}, c: {x: 1, y: 1, z: 2}, d: {z: 3, y: 2, x: 1}}");
}
END_TEST

START_TEST(merges_pass_on_what_they_got) {
    assert_tree("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n", "{a: {x: 1}, b: {y: 2, x: 1}, c: {y: 2, x: 1}}");
}
END_TEST

START_TEST(a_quoted_merge_key_is_a_key) {
    assert_tree("a: {'<<': 1}", "{a: {<<: 1}}");
}
END_TEST

START_TEST(errors_name_file_and_line) {
    refuse("a: 1\nb: 2\na: 3\n", "t.yaml:3: duplicate key a");
    refuse("a: 1\nb: *nowhere\n", "t.yaml:2: found undefined alias");
    refuse("a: 1\nb: {<<: 5}\n", "t.yaml:2: << merges a map or a list of maps, nothing else");
    refuse("a: 1\nb: {<<: [{}, 5]}\n", "t.yaml:2: << merges a map or a list of maps, nothing else");
    refuse("a: 1\n? [x]\n: 2\n", "t.yaml:2: a key must be a plain word");
    refuse("a: 1\n--- \nb: 2\n", "t.yaml:3: a second document; one is expected");
    refuse("a: 1\nb: \"x\\0y\"\n", "t.yaml:2: a zero byte inside a text");
    refuse("a: 1\nb: [1, 2\n", "t.yaml:3: while parsing a flow sequence, did not find expected ',' or ']'");
    refuse("a: 1\n b: 2\n", "t.yaml:2: mapping values are not allowed in this context");
    refuse("a: 1\nb: \x01\n", "t.yaml:2: control characters are not allowed");
    refuse("a: 1\nb: \xff\n", "t.yaml:2: invalid leading UTF-8 octet");
}
END_TEST

START_TEST(an_alias_inside_its_own_anchor_is_refused) {
    refuse("a: &a [1, *a]\n", "t.yaml:1: an alias inside its own anchor");
    refuse("a: 1\nb: &b {c: {<<: *b}}\n", "t.yaml:2: an alias inside its own anchor");
}
END_TEST

static void brackets(char *text, size_t depth) {
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
}

START_TEST(nesting_is_limited_to_64) {
    static char text[40001];
    brackets(text, 64);
    parse(text);
    bm_arena_free(&arena);
    brackets(text, 65);
    refuse(text, "t.yaml:1: nested more than 64 deep");
    brackets(text, 20000);
    bm_yaml *root;
    ck_assert_int_eq(bm_yaml_parse("t.yaml", text, strlen(text), &arena, &root, NULL), BM_INVALID);
    bm_arena_free(&arena);
}
END_TEST

/* Depth through aliases counts as well: whoever walks the tree may recurse. */
START_TEST(nesting_through_aliases_is_limited_too) {
    static char text[4096];
    size_t used = (size_t)snprintf(text, sizeof text, "- &a0 [x]\n");
    for (int i = 1; i < 80; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "- &a%d [*a%d]\n", i, i - 1);
    }
    /* a_i has i + 2 levels and lies at the second: a61, of line 62, just fits there, but not one deeper, in a62. */
    refuse(text, "t.yaml:62: nested more than 64 deep");
}
END_TEST

/* A billion laughs: ten levels, each ten times the one before. */
START_TEST(aliases_of_aliases_cost_no_memory) {
    static char text[4096];
    size_t used = (size_t)snprintf(text, sizeof text, "- &a0 lol\n");
    for (int i = 1; i < 30; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "- &a%d [", i);
        for (int k = 0; k < 10; k++) {
            used += (size_t)snprintf(text + used, sizeof text - used, "*a%d%s", i - 1, k < 9 ? "," : "]\n");
        }
    }
    parse(text);
    ck_assert_uint_lt(arena.bytes, 1 << 16);
    bm_arena_free(&arena);
}
END_TEST

START_TEST(a_map_holds_up_to_1024_keys) {
    static char text[1 << 15];
    size_t used = 0;
    for (int i = 0; i < 1024; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "k%d: %d\n", i, i);
    }
    ck_assert_str_eq(bm_yaml_get(parse(text), "k1023")->text, "1023");
    bm_arena_free(&arena);
    snprintf(text + used, sizeof text - used, "one_more: 1\n");
    refuse(text, "t.yaml:1025: a map of more than 1024 keys");
}
END_TEST

static void assert_quoted(const char *text, const char *want) {
    char quoted[256];
    bm_yaml_quote(text, quoted, sizeof quoted);
    ck_assert_str_eq(quoted, want);
}

START_TEST(quotes_stand_where_they_must) {
    assert_quoted("0.001", "0.001");
    assert_quoted("-1", "-1");
    assert_quoted("lin_0.001", "lin_0.001");
    assert_quoted("CartPole-v1", "CartPole-v1");
    assert_quoted("runs/a_b/c.yaml", "runs/a_b/c.yaml");
    assert_quoted("", "\"\"");
    assert_quoted("-", "\"-\"");
    assert_quoted("--seed", "\"--seed\"");
    assert_quoted("[64, 64]", "\"[64, 64]\"");
    assert_quoted("a: b # c", "\"a: b # c\"");
    assert_quoted("say \"no\" \\ yes\n", "\"say \\\"no\\\" \\\\ yes\\x0a\"");
    assert_quoted("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\\xe9\\u20ac\\U0001f600\""); /* e acute, euro, a face */
    assert_quoted("a\xff\xc3"
                  "b\xc0\x80",
                  "\"a??b??\""); /* no UTF-8 */
}
END_TEST

START_TEST(whatever_is_quoted_reads_back) {
    uint32_t random = 1;
    for (int round = 0; round < 2000; round++) {
        char text[24], quoted[4 * sizeof text + 3];
        size_t n = 0;
        while (n + 3 < sizeof text) {
            random = random * 1664525u + 1013904223u;
            const uint32_t code = 1 + (random >> 16) % 0x7fe; /* one or two bytes of UTF-8 */
            if (code < 0x80) {
                text[n++] = (char)code;
            } else {
                text[n++] = (char)(0xc0 | code >> 6);
                text[n++] = (char)(0x80 | (code & 0x3f));
            }
            if (random >> 28 == 0) {
                break;
            }
        }
        text[n] = '\0';
        bm_yaml_quote(text, quoted, sizeof quoted);
        const bm_yaml *root = parse(quoted);
        ck_assert_str_eq(root->text, text);
        bm_arena_free(&arena);
    }
}
END_TEST

START_TEST(quoting_never_overruns) {
    for (size_t bytes = 1; bytes < 12; bytes++) {
        char quoted[16];
        memset(quoted, 'x', sizeof quoted);
        bm_yaml_quote("a \xc3\xa9 b", quoted, bytes);
        ck_assert_uint_lt(strlen(quoted), bytes);
        ck_assert_int_eq(quoted[bytes], 'x');
    }
}
END_TEST

TEST_MAIN("yaml", 20, maps_lists_and_scalars, tags_are_accepted_and_the_text_is_kept, an_empty_text_is_an_empty_map,
          lines_are_those_of_the_keys, get_finds_keys_of_maps_only, an_alias_shares_what_it_stands_for,
          merged_keys_yield_to_own_ones, earlier_maps_of_a_merge_list_win, merges_pass_on_what_they_got,
          a_quoted_merge_key_is_a_key, errors_name_file_and_line, an_alias_inside_its_own_anchor_is_refused,
          nesting_is_limited_to_64, nesting_through_aliases_is_limited_too, aliases_of_aliases_cost_no_memory,
          a_map_holds_up_to_1024_keys, quotes_stand_where_they_must, whatever_is_quoted_reads_back,
          quoting_never_overruns)
