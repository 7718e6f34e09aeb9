#ifndef BELLMAN_H
#define BELLMAN_H

/* The public face of libbellman. Each header says shapes, units, errors and sources; nothing in them prints or exits.
 *
 *     train/run.h     train what learns: a run from an experiment, resumed where it stopped
 *     train/trainee.h what a run can train; load what it has learned
 *     train/agent_trainee.h, meta/meta_trainee.h
 *                     agents in environments; learning to adapt on families of tasks: MAML, Reptile and others
 *     train/actor.h   an agent that acts in a batch; one step of training
 *     train/eval.h    play whole episodes with a policy
 *     train/live.h    watch a run train from another thread, and turn its hyperparameters
 *     tune/study.h    studies of hyperparameters over seeds, in Optuna's files
 *     watch/          episodes to look at, and scenes of them
 *     draw/           a raster and SVG to draw them on, charts
 *     agents/agent.h  agents: act, observe, update, state
 *     envs/env.h      batches of environments
 *     nets/, optim/   small networks, their Hessian-vector products, and optimizers over flat buffers; functions to
 *                     try them on
 *     replay/         experience
 *     core/           options, random numbers, state lists, files
 */
#include "agents/agent.h"
#include "agents/losses.h"
#include "agents/returns.h"
#include "core/machine.h"
#include "core/pool.h"
#include "core/preset.h"
#include "draw/chart.h"
#include "draw/raster.h"
#include "draw/svg.h"
#include "envs/encode.h"
#include "envs/env.h"
#include "envs/exact.h"
#include "meta/meta_trainee.h"
#include "nets/dist.h"
#include "nets/hvp.h"
#include "nets/init.h"
#include "nets/loss.h"
#include "nets/net.h"
#include "optim/descent.h"
#include "optim/lr_schedule.h"
#include "optim/method.h"
#include "optim/objective.h"
#include "optim/optim.h"
#include "replay/replay.h"
#include "replay/rollout.h"
#include "train/agent_trainee.h"
#include "train/eval.h"
#include "train/live.h"
#include "train/run.h"
#include "tune/study.h"
#include "watch/player.h"
#include "watch/race.h"
#include "watch/scene.h"

#endif
