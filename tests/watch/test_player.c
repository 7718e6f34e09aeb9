/* Episodes to look at are those that an evaluation plays, and what is drawn over a map is what the policy says. */
#include "watch/player.h"

#include <math.h>

#include "envs/exact.h"
#include "support.h"
#include "train/eval.h"

static bm_agent *new_agent(const char *name, const bm_env_batch *batch) {
    const bm_agent_type *type;
    bm_error error;
    bm_agent *agent;
    ck_assert(bm_agent_lookup(name, &type, &error) == BM_OK);
    const bm_agent_setup setup = {
        .type = type, .batch = batch, .max_rows = 128, .total_steps = 100, .seed = bm_seed_of(3), .acts_only = true};
    ck_assert_msg(bm_agent_create(&agent, &setup, &error) == BM_OK, "%s", error.text);
    return agent;
}

START_TEST(a_player_plays_the_episodes_of_an_evaluation) {
    static const char *const agents[] = {"dqn", "reinforce"};
    static const char *const envs[] = {"CartPole-v1", "GridWorld-v0"};
    for (int i = 0; i < 4; i++) {
        const bm_env_type *type = bm_env_find(envs[i % 2]);
        bm_error error;
        bm_player *player;
        bm_evaluator evaluator;
        bm_env_batch *env;
        ck_assert(bm_env_create(&env, type, NULL, 1, &error) == BM_OK);
        bm_agent *agent = new_agent(agents[i / 2], env);
        ck_assert(bm_evaluator_create(&evaluator, agent, type, NULL, 1, &error) == BM_OK);
        ck_assert(bm_player_create(&player, type, NULL, agent, 1000000, &error) == BM_OK);
        for (int episode = 0; episode < 5; episode++) {
            const bm_evaluation wanted = bm_evaluate(&evaluator, 1, NULL, 1000000 + (uint64_t)episode, false);
            int steps = 0;
            for (; !player->at_end; steps++) {
                bm_player_step(player);
            }
            ck_assert_int_eq(player->episode, episode);
            ck_assert_int_eq(player->ended, episode + 1);
            assert_near(bm_player_return(player), wanted.mean_return, 0, "return");
            ck_assert_int_eq(steps, (int)wanted.mean_length);
            bm_player_step(player); /* on to the next */
            ck_assert_int_eq(bm_player_length(player), 0);
        }
        bm_player_destroy(player);
        bm_evaluator_free(&evaluator);
        bm_agent_destroy(agent);
        bm_env_destroy(env);
    }
}
END_TEST

START_TEST(the_last_state_of_an_episode_shows_until_the_next_step) {
    bm_player *player;
    bm_error error;
    ck_assert(bm_player_create(&player, bm_env_find("CartPole-v1"), NULL, NULL, 7, &error) == BM_OK);
    while (!player->at_end) {
        bm_player_take(player, 1);
    }
    double state[4];
    bm_env_get_state(player->env, 0, state);
    ck_assert(fabs(state[2]) > 12 * 3.14159265 / 180 || fabs(state[0]) > 2.4);
    bm_player_take(player, 1);
    bm_env_get_state(player->env, 0, state);
    ck_assert(fabs(state[2]) <= 0.05);
    ck_assert_int_eq(player->episode, 1);
    bm_player_destroy(player);
}
END_TEST

START_TEST(giving_up_an_episode_does_not_count_it) {
    bm_player *player;
    bm_error error;
    ck_assert(bm_player_create(&player, bm_env_find("CartPole-v1"), NULL, NULL, 7, &error) == BM_OK);
    bm_player_step(player);
    bm_player_next(player);
    ck_assert_int_eq(player->episode, 1);
    ck_assert(player->returns == 0 && player->ended == 0 && !player->at_end);
    bm_player_destroy(player);
}
END_TEST

START_TEST(a_survey_says_what_the_policy_would_do_everywhere_and_what_that_is_worth) {
    static const char *const agents[] = {"dqn", "reinforce"};
    const bm_env_type *type = bm_env_find("GridWorld-v0");
    for (int i = 0; i < 2; i++) {
        bm_player *player;
        bm_env_batch *env;
        bm_error error;
        bm_env_policy_view view;
        ck_assert(bm_env_create(&env, type, NULL, 1, &error) == BM_OK);
        bm_agent *agent = new_agent(agents[i], env);
        ck_assert(bm_player_create(&player, type, NULL, agent, 1, &error) == BM_OK);
        ck_assert_ptr_nonnull(bm_player_view(player, &view));
        double exact[16], start;
        ck_assert(bm_exact_policy(env, view.action, 0.99, 0, &start, exact, &error) == BM_OK);
        for (int s = 0; s < 16; s++) {
            bm_outcome outcomes[BM_OUTCOMES_MAX];
            int32_t action;
            bm_real q[4], value;
            type->model->place(env, 0, s);
            type->observe(env, 0, 1);
            const bm_agent_input input = {.n = 1, .observation = env->observation};
            bm_agent_act(agent, &input, &action, NULL);
            bm_agent_inspect(agent, &input, q, &value);
            ck_assert_int_eq(view.action[s], action);
            if (type->model->outcomes(env, s, 0, outcomes) == 0) {
                ck_assert(isnan(view.value[s]));
            } else {
                assert_near(view.value[s], i == 0 ? (double)q[action] : exact[s], 1e-9, "value");
            }
        }
        bm_player_destroy(player);
        bm_agent_destroy(agent);
        bm_env_destroy(env);
    }
}
END_TEST

TEST_MAIN("player", 60, a_player_plays_the_episodes_of_an_evaluation,
          the_last_state_of_an_episode_shows_until_the_next_step, giving_up_an_episode_does_not_count_it,
          a_survey_says_what_the_policy_would_do_everywhere_and_what_that_is_worth)
