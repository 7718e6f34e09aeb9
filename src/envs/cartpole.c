/* CartPole-v1: push a cart left or right so that the pole on it does not fall.
 *
 * Action       0 push left, 1 push right, with 10 N (force_mag)
 * Observation  0 cart position   m      episode ends outside +-2.4
 *              1 cart velocity   m/s
 *              2 pole angle      rad    0 upright, clockwise positive; episode ends outside +-12 degrees
 *              3 angular velocity rad/s
 * Reward       1 each step, the last one too; with sutton_barto_reward 0, and -1 when the episode ends
 * Start        each of the four uniform in (-0.05, 0.05)
 * Time limit   500 steps
 *
 * Barto, Sutton and Anderson 1983, with the equations of Florian 2007 (friction left out), as in Gymnasium 1.3: the
 * same operations in the same order on doubles, so that episodes agree with Gymnasium's bit for bit. */
#include <math.h>
#include <stdlib.h>

#include "envs/env.h"

static const double time_step = 0.02;                               /* s */
static const double position_limit = 2.4;                           /* m */
static const double angle_limit = 12 * 2 * 3.141592653589793 / 360; /* rad */

typedef struct {
    int max_episode_steps;
    bool sutton_barto_reward;
    int kinematics_integrator;
    double gravity, masscart, masspole, length, force_mag;
    double reset_low, reset_high;
} cartpole_config;

static const char *const integrators[] = {"euler", "semi_implicit", "semi-implicit euler", NULL};

static const bm_option rows[] = {
    BM_OPTION_STRING(cartpole_config, sutton_barto_reward, "false", 0, 1,
                     "reward 0 each step and -1 when the pole falls, instead of 1 each step"),
    BM_OPTION_CHOICE(cartpole_config, kinematics_integrator, "euler", integrators,
                     "euler moves with the old velocity, semi_implicit (two spellings) with the new one"),
    BM_OPTION(cartpole_config, gravity, 9.8, 0, 1000, BM_LINEAR, "in m/s^2"),
    BM_OPTION(cartpole_config, masscart, 1, 0.001, 1000, BM_LOG, "mass of the cart, in kg"),
    BM_OPTION(cartpole_config, masspole, 0.1, 0.001, 1000, BM_LOG, "mass of the pole, in kg"),
    BM_OPTION(cartpole_config, length, 0.5, 0.01, 100, BM_LOG, "half the pole's length, in m"),
    BM_OPTION(cartpole_config, force_mag, 10, 0, 10000, BM_LINEAR, "of a push, in N"),
    BM_OPTION(cartpole_config, reset_low, -0.05, -10, 10, BM_LINEAR, "lower bound of the four starting values"),
    BM_OPTION(cartpole_config, reset_high, 0.05, -10, 10, BM_LINEAR, "upper bound of the four starting values"),
    BM_ENV_TIME_LIMIT(cartpole_config),
};

typedef struct {
    double *position, *velocity, *angle, *angular_velocity; /* [lanes] */
} cartpole_state;

static const bm_env_field fields[] = {
    BM_FIELD(cartpole_state, position, -INFINITY, INFINITY),
    BM_FIELD(cartpole_state, velocity, -INFINITY, INFINITY),
    BM_FIELD(cartpole_state, angle, -INFINITY, INFINITY),
    BM_FIELD(cartpole_state, angular_velocity, -INFINITY, INFINITY),
};

static bm_status create(bm_env_batch *batch, bm_error *error) {
    static const double high[4] = {4.8F, INFINITY, (float)(12 * 2 * 3.141592653589793 / 360 * 2), INFINITY};
    static const double low[4] = {-4.8F, -INFINITY, -(float)(12 * 2 * 3.141592653589793 / 360 * 2), -INFINITY};
    const cartpole_config *config = BM_ENV_CONFIG(batch, cartpole_config);
    if (config->reset_low > config->reset_high) {
        return bm_invalid(error, "reset_low=%g is above reset_high=%g", config->reset_low, config->reset_high);
    }
    batch->observation_space = bm_space_box(BM_F32, 4, low, high);
    batch->action_space = bm_space_discrete(2);
    return BM_OK;
}

static void reset(bm_env_batch *batch, int lane) {
    const cartpole_config *config = BM_ENV_CONFIG(batch, cartpole_config);
    cartpole_state *s = batch->state;
    bm_rng *rng = &batch->rng[lane];
    s->position[lane] = bm_rng_uniform(rng, config->reset_low, config->reset_high);
    s->velocity[lane] = bm_rng_uniform(rng, config->reset_low, config->reset_high);
    s->angle[lane] = bm_rng_uniform(rng, config->reset_low, config->reset_high);
    s->angular_velocity[lane] = bm_rng_uniform(rng, config->reset_low, config->reset_high);
}

/* Lanes are stepped in blocks that stay in the first-level cache: sines first (one library call a lane), then
 * arithmetic without calls, which the compiler vectorises. */
enum { BLOCK = 128 };

typedef struct {
    double cart[BLOCK], pole[BLOCK]; /* accelerations: m/s^2, rad/s^2 */
} accelerations;

static void accelerate(const cartpole_config *config, int n, const double *restrict angle,
                       const double *restrict angular_velocity, const int32_t *restrict action,
                       accelerations *restrict acceleration) {
    const double gravity = config->gravity, force_magnitude = config->force_mag, half_length = config->length;
    const double mass_pole = config->masspole, total_mass = config->masspole + config->masscart;
    const double pole_moment = mass_pole * half_length;
    double sine[BLOCK], cosine[BLOCK];
    for (int i = 0; i < n; i++) {
        sine[i] = sin(angle[i]);
        cosine[i] = cos(angle[i]);
    }
    for (int i = 0; i < n; i++) {
        const double force = action[i] == 1 ? force_magnitude : -force_magnitude;
        const double push = (force + pole_moment * (angular_velocity[i] * angular_velocity[i]) * sine[i]) / total_mass;
        const double pole = (gravity * sine[i] - cosine[i] * push) /
                            (half_length * (4.0 / 3.0 - mass_pole * (cosine[i] * cosine[i]) / total_mass));
        acceleration->pole[i] = pole;
        acceleration->cart[i] = push - pole_moment * pole * cosine[i] / total_mass;
    }
}

/* rate += time_step * derivative, and value += time_step * rate with the rate before (Euler) or after the change. */
static void integrate(const cartpole_config *config, int n, double *restrict value, double *restrict rate,
                      const double *restrict derivative) {
    const bool euler = config->kinematics_integrator == 0;
    for (int i = 0; i < n; i++) {
        const double before = rate[i];
        rate[i] += time_step * derivative[i];
        value[i] += time_step * (euler ? before : rate[i]);
    }
}

static void judge(int n, const double *restrict position, const double *restrict angle, bool sutton_barto,
                  double *restrict reward, uint8_t *restrict terminated) {
    for (int i = 0; i < n; i++) {
        terminated[i] = (fabs(position[i]) > position_limit) | (fabs(angle[i]) > angle_limit);
    }
    for (int i = 0; i < n; i++) {
        reward[i] = sutton_barto ? (double)-(int)terminated[i] : 1.0;
    }
}

static void step(bm_env_batch *batch) {
    const cartpole_config *config = BM_ENV_CONFIG(batch, cartpole_config);
    cartpole_state *s = batch->state;
    const int32_t *action = batch->action;
    for (int first = 0; first < batch->lanes; first += BLOCK) {
        const int n = batch->lanes - first < BLOCK ? batch->lanes - first : BLOCK;
        double *position = s->position + first, *velocity = s->velocity + first;
        double *angle = s->angle + first, *angular_velocity = s->angular_velocity + first;
        accelerations acceleration;
        accelerate(config, n, angle, angular_velocity, action + first, &acceleration);
        integrate(config, n, position, velocity, acceleration.cart);
        integrate(config, n, angle, angular_velocity, acceleration.pole);
        judge(n, position, angle, config->sutton_barto_reward, batch->reward + first, batch->terminated + first);
    }
}

static void observe(bm_env_batch *batch, int first, int count) {
    const cartpole_state *s = batch->state;
    float *restrict observation = (float *)batch->observation + (size_t)first * 4;
    const double *restrict position = s->position + first, *restrict velocity = s->velocity + first;
    const double *restrict angle = s->angle + first, *restrict angular_velocity = s->angular_velocity + first;
    for (int i = 0; i < count; i++) {
        observation[4 * i + 0] = (float)position[i];
        observation[4 * i + 1] = (float)velocity[i];
        observation[4 * i + 2] = (float)angle[i];
        observation[4 * i + 3] = (float)angular_velocity[i];
    }
}

/* ---- drawing ---- */

/* In metres, on a track at height 0. */
static const double cart_half = 0.26, wheel_radius = 0.085, wheel_at = 0.15, axle_height = 0.34, pole_width = 0.075;

/* 0 instead of a size too small to read. */
static double legible(const bm_canvas *canvas, double size) {
    return size < bm_canvas_pixels(canvas, 6) ? 0 : size;
}

/* The ground with its scale; beyond the limits all is tinted in the colour of warnings. text 0: no labels. */
static void draw_track(bm_canvas *canvas, double thin, double text) {
    const double reach = bm_canvas_pixels(canvas, canvas->right - canvas->left + canvas->bottom - canvas->top);
    bm_draw_rectangle(canvas, -reach, -reach, reach, 0, BM_PANEL);
    for (int side = -1; side <= 1; side += 2) {
        const double limit = side * position_limit;
        bm_draw_rectangle(canvas, limit, -reach, side * reach, reach, bm_color_fade(BM_VERMILLION, 0.1));
        bm_draw_rectangle(canvas, limit, 0, side * reach, -0.09, bm_color_fade(BM_VERMILLION, 0.55));
        bm_draw_line(canvas, limit, 0, limit, 0.5, fmax(0.05, 2 * thin), BM_VERMILLION);
        bm_draw_circle(canvas, limit, 0.5, fmax(0.06, 1.5 * thin), BM_VERMILLION);
    }
    bm_draw_line(canvas, -position_limit, 0, position_limit, 0, fmax(0.03, 1.2 * thin), BM_INK);
    for (int half_metre = -4; half_metre <= 4; half_metre++) {
        const double depth = half_metre % 2 == 0 ? 0.12 : 0.07;
        bm_draw_line(canvas, half_metre / 2.0, 0, half_metre / 2.0, -depth, thin, BM_GRAY);
    }
    for (int metre = -2; metre <= 2 && text > 0; metre++) {
        bm_draw_textf(canvas, metre, -0.3, text, BM_ALIGN_CENTER, BM_GRAY, "%s%d", metre < 0 ? "−" : "", abs(metre));
    }
    if (text > 0) {
        bm_draw_text(canvas, 2.12, -0.3, text, BM_ALIGN_LEFT, BM_GRAY, "m");
    }
}

/* Where the pole may lean, as a wedge a little longer than the pole that travels with the cart; side: of the limit that
 * was passed, 0: none. */
static void draw_wedge(bm_canvas *canvas, double x, double radius, int side, double thin, double text) {
    enum { PIECES = 12 };
    bm_point wedge[PIECES + 2] = {{x, axle_height}};
    for (int i = 0; i <= PIECES; i++) {
        const double angle = angle_limit * (2.0 * i / PIECES - 1);
        wedge[i + 1] = (bm_point){x + radius * sin(angle), axle_height + radius * cos(angle)};
    }
    bm_draw_polygon(canvas, wedge, PIECES + 2, bm_color_fade(BM_SKY, 0.18));
    for (int at = -1; at <= 1; at += 2) {
        const bm_point end = wedge[at < 0 ? 1 : PIECES + 1];
        const bool passed = at == side;
        bm_draw_line(canvas, x, axle_height, end.x, end.y, passed ? 2 * thin : thin,
                     passed ? BM_VERMILLION : bm_color_fade(BM_GRAY, 0.5));
        if (text > 0 && fabs(end.x) < position_limit) {
            bm_draw_text(canvas, end.x + 0.06 * at, end.y + 0.05, text, at < 0 ? BM_ALIGN_RIGHT : BM_ALIGN_LEFT,
                         passed ? BM_VERMILLION : BM_GRAY, "12°");
        }
    }
}

static void draw_cart(bm_canvas *canvas, double x, bm_color color, double thin) {
    const double edge = 0.06; /* the line around the body rounds its corners */
    const double low = wheel_radius + edge / 2, high = axle_height - edge / 2, half = cart_half - edge / 2;
    bm_draw_rectangle(canvas, x - half, low, x + half, high, color);
    bm_draw_outline(canvas, x - half, low, x + half, high, edge, color);
    for (int side = -1; side <= 1; side += 2) {
        bm_draw_circle(canvas, x + side * wheel_at, wheel_radius, wheel_radius, BM_INK);
        bm_draw_circle(canvas, x + side * wheel_at, wheel_radius, 0.4 * wheel_radius, BM_RULE);
    }
    const double needle = fmax(0.06, 2 * thin); /* where the cart is on the scale */
    bm_draw_polygon(
        canvas, (const bm_point[3]){{x, -0.01}, {x - needle, -0.01 - 1.6 * needle}, {x + needle, -0.01 - 1.6 * needle}},
        3, color);
}

static void draw_pole(bm_canvas *canvas, double x, double angle, double length, bm_color color, double thin) {
    const double width = fmax(pole_width, 2 * thin);
    const double tip_x = x + length * sin(angle), tip_y = axle_height + length * cos(angle);
    bm_draw_line(canvas, x, axle_height, tip_x, tip_y, width, color);
    bm_draw_circle(canvas, x, axle_height, 0.8 * width, BM_INK);
    bm_draw_circle(canvas, x, axle_height, 0.35 * width, BM_PAPER);
}

static void draw(const bm_env_batch *batch, int lane, const bm_env_policy_view *view, bm_canvas *canvas) {
    (void)view; /* not a finite table */
    const cartpole_state *s = batch->state;
    const double x = s->position[lane], angle = s->angle[lane];
    const double length = 2 * BM_ENV_CONFIG(batch, cartpole_config)->length; /* of the pole, m */
    const bool cart_lost = fabs(x) > position_limit, pole_lost = fabs(angle) > angle_limit;
    bm_canvas_fit(canvas, -2.8, -0.7, 2.8, fmax(2.1, length + 1.1));
    const double thin = bm_canvas_pixels(canvas, 1);
    const double text = legible(canvas, fmin(0.19, bm_canvas_pixels(canvas, 24)));

    draw_track(canvas, thin, text);
    draw_wedge(canvas, x, length + 0.18,
               !pole_lost  ? 0
               : angle < 0 ? -1
                           : 1,
               fmax(0.012, thin), legible(canvas, 0.8 * text));
    draw_cart(canvas, x, cart_lost ? BM_VERMILLION : BM_BLUE, thin);
    draw_pole(canvas, x, angle, length, pole_lost ? BM_VERMILLION : BM_ORANGE, thin);
    if (batch->elapsed[lane] > 0) {
        const int32_t *action = batch->action;
        const int way = action[lane] == 1 ? 1 : -1;
        const double hand = x - way * (cart_half + 0.06);
        bm_draw_arrow(canvas, hand - way * 0.36, 0.21, hand, 0.21, 0.05, bm_color_mix(BM_PAPER, BM_GRAY, 0.8));
    }
    if (text > 0 && (cart_lost || pole_lost)) {
        bm_draw_text(canvas, 0, fmax(1.9, length + 0.9), 1.2 * text, BM_ALIGN_CENTER, BM_VERMILLION,
                     cart_lost ? "the cart left the track" : "the pole fell past 12°");
    }
}

static const bm_env_action actions[] = {{"push left", "left"}, {"push right", "right"}, {NULL, NULL}};

const bm_env_type bm_env_cartpole = {
    .id = "CartPole-v1",
    .summary = "balance a pole on a cart that is pushed left or right",
    .source = "Gymnasium 1.3 CartPole-v1; Barto, Sutton and Anderson 1983",
    .options = BM_OPTIONS(rows, cartpole_config),
    .fields = BM_ENV_FIELDS(fields, cartpole_state),
    .max_episode_steps = 500,
    .reward_threshold = 475,
    .create = create,
    .reset = reset,
    .step = step,
    .observe = observe,
    .draw = draw,
    .steps_per_second = 50,
    .turn_based = false,
    .actions = actions,
};
