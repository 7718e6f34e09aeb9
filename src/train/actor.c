/* Acting in a batch, and the one step of training; see actor.h. */
#include "train/actor.h"

#include <string.h>

bm_status bm_actor_create(bm_actor *actor, bm_agent *agent, bm_env_batch *env, bm_arena *arena, bm_error *error) {
    const size_t lanes = (size_t)env->lanes, carried = lanes * (size_t)agent->carried;
    *actor = (bm_actor){
        .agent = agent,
        .env = env,
        .input = {.n = env->lanes,
                  .observation = env->observation,
                  .action_mask = env->action_mask,
                  .episode_start = env->episode_start,
                  .carried_width = agent->carried},
        .computed = bm_arena_alloc(arena, lanes, agent->computed_bytes),
    };
    if (carried > 0) {
        actor->input.carried = BM_NEW(arena, bm_real, carried);
    }
    bm_agent_input *before = &actor->step.input;
    *before = actor->input;
    before->explore = true;
    before->observation = bm_arena_alloc(arena, lanes, bm_space_bytes(&env->observation_space));
    before->episode_start = BM_NEW(arena, uint8_t, lanes);
    before->action_mask = env->action_mask ? BM_NEW(arena, uint8_t, lanes * (size_t)env->action_space.n) : NULL;
    before->carried = carried > 0 ? BM_NEW(arena, bm_real, carried) : NULL;
    actor->step.computed = actor->computed;
    actor->step.env = env;
    BM_TRY(bm_arena_check(arena, "what an agent carries", error));
    return bm_agent_check(agent, &actor->input, error);
}

void bm_actor_act(bm_actor *actor, bool explore) {
    actor->input.explore = explore;
    bm_agent_act(actor->agent, &actor->input, actor->env->action, NULL);
}

static void copy_input(bm_actor *actor) {
    const bm_agent_input *now = &actor->input, *before = &actor->step.input;
    const bm_env_batch *env = actor->env;
    const size_t lanes = (size_t)env->lanes;
    memcpy((void *)before->observation, now->observation, lanes * bm_space_bytes(&env->observation_space));
    memcpy((void *)before->episode_start, now->episode_start, lanes);
    if (now->action_mask) {
        memcpy((void *)before->action_mask, now->action_mask, lanes * (size_t)env->action_space.n);
    }
    if (now->carried) {
        memcpy(before->carried, now->carried, lanes * (size_t)now->carried_width * sizeof(bm_real));
    }
}

void bm_actor_train(bm_actor *actor) {
    actor->input.explore = true;
    copy_input(actor);
    bm_agent_act(actor->agent, &actor->input, actor->env->action, actor->computed);
    bm_env_step(actor->env);
    bm_agent_observe(actor->agent, &actor->step);
    bm_agent_update(actor->agent);
}

void bm_actor_state(bm_actor *actor, bm_state *state) {
    if (actor->input.carried) {
        bm_state_matrix(state, "carried", BM_REAL_DTYPE, actor->input.carried, (size_t)actor->input.n,
                        (size_t)actor->input.carried_width);
    }
}
