/* What all agents share: creation, the streams of random numbers, counters and dispatch. */
#include "agents/agent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/subnormal.h"
#include "core/suggest.h"

#define AGENT(name) extern const bm_agent_type bm_agent_##name;
#include "agents/agent_list.h"
#undef AGENT

#define AGENT(name) &bm_agent_##name,
const bm_agent_type *const bm_agent_types[] = {
#include "agents/agent_list.h"
    NULL,
};
#undef AGENT

/* Children of the agent's seed. Numbers are part of what "same seed, same run" means: never reuse one. */
enum { STREAM_INIT, STREAM_EXPLORE, STREAM_SAMPLE };

const char *bm_agent_name(int i) {
    return bm_agent_types[i] ? bm_agent_types[i]->name : NULL;
}

bm_status bm_agent_lookup(const char *name, const bm_agent_type **type, bm_error *error) {
    const int i = bm_find_name("agent", name, bm_agent_name, " (see bellman list agents)", error);
    *type = i < 0 ? NULL : bm_agent_types[i];
    return i < 0 ? BM_INVALID : BM_OK;
}

static bm_rng stream(const bm_seed *seed, uint32_t number) {
    const bm_seed child = bm_seed_child(seed, number);
    return bm_rng_from(&child);
}

/* What the type's create may rely on. */
static bm_status prepare(bm_agent *agent, const bm_agent_setup *setup, bm_error *error) {
    const bm_options *options = &setup->type->options;
    const bm_env_batch *batch = setup->batch;
    while (setup->type->metric_names[agent->metrics]) {
        agent->metrics++;
    }
    agent->config = bm_arena_alloc(&agent->arena, 1, options->config_bytes);
    agent->metric = BM_NEW(&agent->arena, double, agent->metrics);
    agent->self = bm_arena_alloc(&agent->arena, 1, setup->type->self_bytes);
    const bm_status status = bm_arena_check(&agent->arena, "the agent's options", error);
    if (status != BM_OK) {
        return status;
    }
    if (setup->config) {
        memcpy(agent->config, setup->config, options->config_bytes);
    } else {
        bm_options_defaults(options, agent->config);
    }
    for (int i = 0; i < agent->metrics; i++) {
        agent->metric[i] = NAN;
    }
    agent->type = setup->type;
    agent->acts_only = setup->acts_only;
    agent->observation_space = batch->observation_space;
    agent->action_space = batch->action_space;
    agent->masked = batch->action_mask != NULL;
    agent->lanes = batch->lanes;
    agent->max_rows = setup->max_rows > batch->lanes ? setup->max_rows : batch->lanes;
    agent->max_episode_steps = batch->max_episode_steps;
    agent->total_steps = setup->total_steps;
    agent->init_rng = stream(&setup->seed, STREAM_INIT);
    agent->explore_rng = stream(&setup->seed, STREAM_EXPLORE);
    agent->sample_rng = stream(&setup->seed, STREAM_SAMPLE);
    return BM_OK;
}

bm_status bm_agent_create(bm_agent **result, const bm_agent_setup *setup, bm_error *error) {
    bm_agent *agent = calloc(1, sizeof *agent);
    if (!agent) {
        return bm_fail(error, "not enough memory for the agent");
    }
    bm_status status = bm_options_check(&setup->type->options, error);
    if (status == BM_OK) {
        status = prepare(agent, setup, error);
    }
    if (status == BM_OK) {
        status = agent->type->create(agent, error);
    }
    if (status == BM_OK) {
        status = bm_arena_check(&agent->arena, "the agent's networks and buffers", error);
    }
    if (status != BM_OK) {
        bm_agent_destroy(agent);
        return status;
    }
    *result = agent;
    return BM_OK;
}

void bm_agent_destroy(bm_agent *agent) {
    if (agent) {
        bm_arena_free(&agent->arena);
        free(agent);
    }
}

bm_status bm_agent_check(const bm_agent *agent, const bm_agent_input *input, bm_error *error) {
    const char *name = agent->type->name;
    if (input->n < 1 || input->n > agent->max_rows) {
        return bm_invalid(error, "%s was created to act on at most %d rows, not on %d", name, agent->max_rows,
                          input->n);
    }
    if (input->carried_width != agent->carried || (agent->carried > 0 && !input->carried)) {
        return bm_invalid(error, "%s carries %d numbers for each row from step to step; the state it is given has %d",
                          name, agent->carried, input->carried ? input->carried_width : 0);
    }
    if (input->action_mask && !agent->masked) {
        return bm_invalid(error, "%s was created for an environment that allows every action, and is given a mask",
                          name);
    }
    return BM_OK;
}

void bm_agent_act(bm_agent *agent, const bm_agent_input *input, void *action, void *computed) {
    const unsigned mode = bm_flush_subnormals();
    agent->type->act(agent, input, action, computed);
    bm_restore_subnormals(mode);
}

void bm_agent_observe(bm_agent *agent, const bm_agent_step *step) {
    const unsigned mode = bm_flush_subnormals();
    agent->steps += step->env->lanes;
    agent->type->observe(agent, step);
    bm_restore_subnormals(mode);
}

void bm_agent_update(bm_agent *agent) {
    const unsigned mode = bm_flush_subnormals();
    agent->type->update(agent);
    bm_restore_subnormals(mode);
}

void bm_agent_state(bm_agent *agent, bm_state *state) {
    const size_t words = sizeof(bm_rng) / sizeof(uint64_t);
    bm_state_count(state, "steps", &agent->steps);
    bm_state_count(state, "updates", &agent->updates);
    bm_state_vector(state, "explore_rng", BM_U64, &agent->explore_rng, words);
    bm_state_vector(state, "sample_rng", BM_U64, &agent->sample_rng, words);
    bm_state_vector(state, "metric", BM_F64, agent->metric, (size_t)agent->metrics);
    agent->type->state(agent, state);
}

void bm_agent_inspect(bm_agent *agent, const bm_agent_input *input, bm_real *preference, bm_real *value) {
    const unsigned mode = bm_flush_subnormals();
    agent->type->inspect(agent, input, preference, value);
    bm_restore_subnormals(mode);
}

bm_replay *bm_agent_replay(bm_agent *agent) {
    return agent->type->replay && !agent->acts_only ? agent->type->replay(agent) : NULL;
}

double bm_agent_remaining(const bm_agent *agent) {
    const double done = (double)agent->steps / (double)agent->total_steps;
    return done < 1.0 ? 1.0 - done : 0.0;
}
