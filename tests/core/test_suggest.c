/* "Did you mean ...?" against hand-worked distances. */
#include "core/suggest.h"
#include "support.h"

#define SUGGEST(name, ...)                                                                                             \
    bm_suggest((name), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

START_TEST(one_edit_of_each_kind_is_forgiven) {
    ck_assert_str_eq(SUGGEST("gama", "gamma", "tau"), "gamma");   /* insertion */
    ck_assert_str_eq(SUGGEST("gammma", "gamma", "tau"), "gamma"); /* deletion */
    ck_assert_str_eq(SUGGEST("gemma", "gamma", "tau"), "gamma");  /* substitution */
    ck_assert_str_eq(SUGGEST("dnq", "ppo", "dqn"), "dqn");        /* transposition, one edit and not two */
    ck_assert_ptr_null(SUGGEST("dnx", "ppo", "dqn"));             /* two substitutions in three letters */
}
END_TEST

START_TEST(case_and_hyphens_do_not_count) {
    ck_assert_str_eq(SUGGEST("cartpole_V1", "Acrobot-v1", "CartPole-v1"), "CartPole-v1");
    ck_assert_str_eq(SUGGEST("LEARNING-RATE", "learning_starts", "learning_rate"), "learning_rate");
}
END_TEST

START_TEST(the_limit_is_a_third_of_the_longer_word) {
    ck_assert_str_eq(SUGGEST("batchsize", "batch_size"), "batch_size"); /* 1 of 10 */
    ck_assert_str_eq(SUGGEST("abcdefxyz", "abcdefghi"), "abcdefghi");   /* 3 of 9 */
    ck_assert_ptr_null(SUGGEST("abcdexyz", "abcdefgh"));                /* 3 of 8 */
    ck_assert_str_eq(SUGGEST("abcd", "abcdef"), "abcdef");              /* 2 of 6 */
    ck_assert_ptr_null(SUGGEST("abc", "abcde"));                        /* 2 of 5 */
}
END_TEST

/* In optimal string alignment a transposed pair is not edited again: ca to abc takes 3 edits, 2 in Damerau's full
 * distance. Eight letters allow 2. */
START_TEST(a_transposed_pair_is_not_edited_again) {
    ck_assert_ptr_null(SUGGEST("-----ca", "-----abc"));
    ck_assert_str_eq(SUGGEST("-----cab", "-----acb"), "-----acb");
}
END_TEST

START_TEST(the_nearest_wins_and_the_first_of_equals) {
    ck_assert_str_eq(SUGGEST("rmspro", "adamprop", "rmsprop", "rprop"), "rmsprop");
    ck_assert_str_eq(SUGGEST("td4", "td3", "td5"), "td3");
}
END_TEST

START_TEST(words_with_nothing_in_common_are_not_suggested) {
    ck_assert_ptr_null(SUGGEST("a", "b"));
    ck_assert_ptr_null(SUGGEST("", "b"));
    ck_assert_ptr_null(SUGGEST("gamma", "optimizer"));
    ck_assert_ptr_null(bm_suggest("gamma", NULL, 0));
    ck_assert_ptr_null(SUGGEST("an argument so long that it can be nobody's slip of the finger on any name", "gamma"));
}
END_TEST

START_TEST(a_message_ends_with_the_nearest_name_or_with_what_is_given) {
    static const char *const names[] = {"cartpole", "gridworld"};
    ck_assert_str_eq(bm_did_you_mean("cartpol", names, 2, " (see the list)").text, "; did you mean cartpole?");
    ck_assert_str_eq(bm_did_you_mean("chess", names, 2, " (see the list)").text, " (see the list)");
    ck_assert_str_eq(bm_did_you_mean("chess", names, 2, "").text, "");
}
END_TEST

START_TEST(names_are_the_same_up_to_hyphens) {
    ck_assert(bm_same_name("learning_rate", "learning-rate", 13));
    ck_assert(bm_same_name("ornstein-uhlenbeck", "ornstein_uhlenbeck", 18));
    ck_assert(bm_same_name("optimizer", "optimizer.beta1", 9));
    ck_assert(!bm_same_name("optimizer", "optimizer.beta1", 15));
    ck_assert(!bm_same_name("gamma", "gam", 3));
    ck_assert(!bm_same_name("gamma", "Gamma", 5));
    ck_assert(!bm_same_name("gamma", "", 0));
}
END_TEST

static const char *color(int i) {
    static const char *const names[] = {"dark_red", "blue", NULL};
    return names[i];
}

START_TEST(a_name_is_found_or_the_sentence_says_what_it_is_no_name_of) {
    bm_error error = {""};
    ck_assert_int_eq(bm_find_name("color", "blue", color, " (see the list)", &error), 1);
    ck_assert_int_eq(bm_find_name("color", "dark-red", color, " (see the list)", &error), 0);
    ck_assert_str_eq(error.text, "");
    ck_assert_int_eq(bm_find_name("color", "blu", color, " (see the list)", &error), -1);
    ck_assert_str_eq(error.text, "unknown color blu; did you mean blue?");
    ck_assert_int_eq(bm_find_name("color", "orange", color, " (see the list)", &error), -1);
    ck_assert_str_eq(error.text, "unknown color orange (see the list)");
}
END_TEST

TEST_MAIN("suggest", 10, one_edit_of_each_kind_is_forgiven, case_and_hyphens_do_not_count,
          the_limit_is_a_third_of_the_longer_word, a_transposed_pair_is_not_edited_again,
          the_nearest_wins_and_the_first_of_equals, words_with_nothing_in_common_are_not_suggested,
          a_message_ends_with_the_nearest_name_or_with_what_is_given, names_are_the_same_up_to_hyphens,
          a_name_is_found_or_the_sentence_says_what_it_is_no_name_of)
