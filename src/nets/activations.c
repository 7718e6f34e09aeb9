/* Activations and their derivatives, as torch.nn.functional defines them (PyTorch 1.13; softplus's threshold is 20).
 * Loops without calls into libm are compiled for wider vectors too; nothing is contracted, so that every processor
 * gives the same bits. */
#include <math.h>
#include <string.h>
#include <tgmath.h>

#include "nets/net.h"

#if defined(__SANITIZE_THREAD__) /* cannot run as early as the choice is made */
#define WIDE
#elif defined(__x86_64__) && defined(__gnu_linux__) && defined(__clang__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#elif defined(__x86_64__) && defined(__gnu_linux__)
#define WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDE
#endif

/* out may be in, but no element depends on another one. */
#ifdef __clang__
#define EACH(i, n) _Pragma("clang loop vectorize(assume_safety)") for (size_t i = 0; i < (n); i++)
#else
#define EACH(i, n) _Pragma("GCC ivdep") for (size_t i = 0; i < (n); i++)
#endif

#define PARAMETER     __attribute__((unused)) bm_real parameter
#define FORWARD(name) static void name##_forward(PARAMETER, size_t n, const bm_real *in, bm_real *out)
#define BACKWARD(name)                                                                                                 \
    static void name##_backward(PARAMETER, size_t n, const bm_real *in, const bm_real *out, bm_real *grad)

#define R_BACKWARD(name)                                                                                               \
    static void name##_r_backward(PARAMETER, size_t n, const bm_real *in, const bm_real *out, const bm_real *r,        \
                                  bm_real *grad, bm_real *r_grad)
/* Where it has a second derivative it is 0. */
#define STRAIGHT(name)                                                                                                 \
    R_BACKWARD(name) {                                                                                                 \
        (void)r;                                                                                                       \
        name##_backward(parameter, n, in, out, grad);                                                                  \
        name##_backward(parameter, n, in, out, r_grad);                                                                \
    }

FORWARD(identity) {
    if (out != in) {
        memcpy(out, in, n * sizeof *in);
    }
}

BACKWARD(identity) {
    (void)n, (void)in, (void)out, (void)grad;
}

STRAIGHT(identity)

WIDE FORWARD(relu) {
    EACH(i, n) {
        out[i] = in[i] < 0 ? 0 : in[i];
    }
}

WIDE BACKWARD(relu) { /* 0 at 0 */
    (void)in;
    EACH(i, n) {
        grad[i] = out[i] > 0 ? grad[i] : 0;
    }
}

STRAIGHT(relu)

#ifdef BM_DOUBLE

FORWARD(tanh) {
    for (size_t i = 0; i < n; i++) {
        out[i] = tanh(in[i]);
    }
}

#else

/* tanh |x| = t / (t + 2) with t = exp(2 |x|) - 1, which loses nothing near 0: with 2 |x| = n log 2 + r, |r| <= log(2) /
 * 2, t = 2^n expm1(r) + (2^n - 1), and seven terms of expm1's series reach float's precision. Within 3 ulp of the true
 * value everywhere; NaN stays NaN. */
static inline float tanh_float(float x) {
    const float inverse_log2 = 1.44269504f, log2_high = 0.693359375f, log2_low = -2.12194440e-4f;
    const float to_integer = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer, left in the low bits */
    const float largest = 9.5f;           /* tanh is 1 from 9.02 on */
    const float magnitude = fabsf(x), y = 2.0f * (magnitude > largest ? largest : magnitude);
    const float shifted = y * inverse_log2 + to_integer, whole = shifted - to_integer;
    const float r = (y - whole * log2_high) - whole * log2_low;
    float series = 1.0f / 5040;
    series = series * r + 1.0f / 720;
    series = series * r + 1.0f / 120;
    series = series * r + 1.0f / 24;
    series = series * r + 1.0f / 6;
    series = series * r + 0.5f;
    series = series * r * r + r;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    const float t = power * series + (power - 1.0f);
    return copysignf(t / (t + 2.0f), x);
}

WIDE FORWARD(tanh) {
    EACH(i, n) {
        out[i] = tanh_float(in[i]);
    }
}

#endif

WIDE BACKWARD(tanh) {
    (void)in;
    EACH(i, n) {
        grad[i] *= 1 - out[i] * out[i];
    }
}

/* f'' = -2 f f' */
WIDE R_BACKWARD(tanh) {
    (void)in;
    EACH(i, n) {
        const bm_real first = 1 - out[i] * out[i];
        r_grad[i] = first * r_grad[i] - 2 * out[i] * r[i] * grad[i];
        grad[i] *= first;
    }
}

static bm_real logistic(bm_real x) { /* exp of a negative number only: no overflow */
    const bm_real e = exp(-fabs(x));
    return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

FORWARD(sigmoid) {
    for (size_t i = 0; i < n; i++) {
        out[i] = logistic(in[i]);
    }
}

WIDE BACKWARD(sigmoid) {
    (void)in;
    EACH(i, n) {
        grad[i] *= out[i] * (1 - out[i]);
    }
}

/* f'' = (1 - 2 f) f' */
WIDE R_BACKWARD(sigmoid) {
    (void)in;
    EACH(i, n) {
        const bm_real first = out[i] * (1 - out[i]);
        r_grad[i] = first * r_grad[i] + (1 - 2 * out[i]) * r[i] * grad[i];
        grad[i] *= first;
    }
}

WIDE FORWARD(leaky_relu) {
    EACH(i, n) {
        out[i] = in[i] < 0 ? parameter * in[i] : in[i];
    }
}

WIDE BACKWARD(leaky_relu) {
    (void)in;
    EACH(i, n) {
        grad[i] = out[i] > 0 ? grad[i] : parameter * grad[i];
    }
}

STRAIGHT(leaky_relu)

FORWARD(elu) {
    for (size_t i = 0; i < n; i++) {
        out[i] = in[i] < 0 ? parameter * expm1(in[i]) : in[i];
    }
}

WIDE BACKWARD(elu) {
    (void)in;
    EACH(i, n) {
        grad[i] = out[i] < 0 ? grad[i] * (out[i] + parameter) : grad[i];
    }
}

/* f'' = f' below 0 */
WIDE R_BACKWARD(elu) {
    (void)in;
    EACH(i, n) {
        r_grad[i] = out[i] < 0 ? (out[i] + parameter) * r_grad[i] + r[i] * grad[i] : r_grad[i];
        grad[i] = out[i] < 0 ? grad[i] * (out[i] + parameter) : grad[i];
    }
}

/* x Phi(x); the derivative is Phi(x) + x phi(x). */
static const bm_real sqrt_half = (bm_real)0.70710678118654752440, inverse_sqrt_2pi = (bm_real)0.39894228040143267794;

FORWARD(gelu) {
    for (size_t i = 0; i < n; i++) {
        out[i] = in[i] * (bm_real)0.5 * erfc(-in[i] * sqrt_half);
    }
}

BACKWARD(gelu) {
    (void)out;
    for (size_t i = 0; i < n; i++) {
        const bm_real x = in[i];
        grad[i] *= (bm_real)0.5 * erfc(-x * sqrt_half) + x * inverse_sqrt_2pi * exp((bm_real)-0.5 * x * x);
    }
}

/* f'' = (2 - x^2) phi(x) */
R_BACKWARD(gelu) {
    (void)out;
    for (size_t i = 0; i < n; i++) {
        const bm_real x = in[i], bell = exp((bm_real)-0.5 * x * x);
        const bm_real first = (bm_real)0.5 * erfc(-x * sqrt_half) + x * inverse_sqrt_2pi * bell;
        /* far out the bell is 0, and the square of x may not be finite */
        const bm_real second = bell > 0 ? (2 - x * x) * inverse_sqrt_2pi * bell : 0;
        r_grad[i] = first * r_grad[i] + second * r[i] * grad[i];
        grad[i] *= first;
    }
}

/* Hendrycks and Gimpel's approximation: x / 2 (1 + tanh u), u = sqrt(2 / pi) (x + 0.044715 x^3). */
static const bm_real sqrt_2_over_pi = (bm_real)0.79788456080286535588, cubic = (bm_real)0.044715;

FORWARD(gelu_tanh) {
    for (size_t i = 0; i < n; i++) {
        const bm_real x = in[i];
        out[i] = (bm_real)0.5 * x * (1 + tanh(sqrt_2_over_pi * (x + cubic * x * x * x)));
    }
}

BACKWARD(gelu_tanh) {
    (void)out;
    for (size_t i = 0; i < n; i++) {
        const bm_real x = in[i], t = tanh(sqrt_2_over_pi * (x + cubic * x * x * x));
        const bm_real inner = sqrt_2_over_pi * (1 + 3 * cubic * x * x);
        /* far out 1 - t * t is 0, and the square of x may not be finite */
        const bm_real bend = fabs(t) < 1 ? x * (1 - t * t) * inner : 0;
        grad[i] *= (bm_real)0.5 * (1 + t + bend);
    }
}

/* f'' = (1 - t^2) (u' + x / 2 u'' - x t u'^2) with t = tanh u */
R_BACKWARD(gelu_tanh) {
    (void)out;
    for (size_t i = 0; i < n; i++) {
        const bm_real x = in[i], t = tanh(sqrt_2_over_pi * (x + cubic * x * x * x));
        const bm_real inner = sqrt_2_over_pi * (1 + 3 * cubic * x * x), rise = 1 - t * t;
        const bool level = fabs(t) >= 1;
        const bm_real first = (bm_real)0.5 * (1 + t + (level ? 0 : x * rise * inner));
        const bm_real second = level ? 0 : rise * (inner + x * (3 * sqrt_2_over_pi * cubic * x - t * inner * inner));
        r_grad[i] = first * r_grad[i] + second * r[i] * grad[i];
        grad[i] *= first;
    }
}

FORWARD(softplus) {
    for (size_t i = 0; i < n; i++) {
        out[i] = in[i] > 20 ? in[i] : log1p(exp(in[i]));
    }
}

BACKWARD(softplus) {
    (void)out;
    for (size_t i = 0; i < n; i++) {
        grad[i] = in[i] > 20 ? grad[i] : grad[i] * logistic(in[i]);
    }
}

R_BACKWARD(softplus) {
    (void)out;
    for (size_t i = 0; i < n; i++) {
        const bm_real s = in[i] > 20 ? 1 : logistic(in[i]);
        r_grad[i] = s * r_grad[i] + s * (1 - s) * r[i] * grad[i];
        grad[i] *= s;
    }
}

FORWARD(silu) {
    for (size_t i = 0; i < n; i++) {
        out[i] = in[i] * logistic(in[i]);
    }
}

BACKWARD(silu) {
    (void)out;
    for (size_t i = 0; i < n; i++) {
        const bm_real s = logistic(in[i]);
        grad[i] *= s * (1 + in[i] * (1 - s));
    }
}

R_BACKWARD(silu) {
    (void)out;
    for (size_t i = 0; i < n; i++) {
        const bm_real s = logistic(in[i]), first = s * (1 + in[i] * (1 - s));
        const bm_real second = s * (1 - s) * (2 + in[i] * (1 - 2 * s));
        r_grad[i] = first * r_grad[i] + second * r[i] * grad[i];
        grad[i] *= first;
    }
}

#define FUNCTIONS(activation)                                                                                          \
    .name = #activation, .forward = activation##_forward, .backward = activation##_backward,                           \
    .r_backward = activation##_r_backward

const bm_activation bm_activation_identity = {FUNCTIONS(identity), .gain = 1};
const bm_activation bm_activation_relu = {FUNCTIONS(relu), .rectifies = true, .gain = 1.4142135623730951};
const bm_activation bm_activation_tanh = {FUNCTIONS(tanh), .gain = 5.0 / 3};
const bm_activation bm_activation_sigmoid = {FUNCTIONS(sigmoid), .gain = 1};
const bm_activation bm_activation_leaky_relu = {FUNCTIONS(leaky_relu), .parameter = (bm_real)0.01,
                                                .gain = 1.4141428569978354}; /* sqrt(2 / 1.0001) */
const bm_activation bm_activation_elu = {FUNCTIONS(elu), .parameter = 1, .gain = 1};
const bm_activation bm_activation_gelu = {FUNCTIONS(gelu), .keeps_input = true, .gain = 1};
const bm_activation bm_activation_gelu_tanh = {FUNCTIONS(gelu_tanh), .keeps_input = true, .gain = 1};
const bm_activation bm_activation_softplus = {FUNCTIONS(softplus), .keeps_input = true, .gain = 1};
const bm_activation bm_activation_silu = {FUNCTIONS(silu), .keeps_input = true, .gain = 1};

const bm_activation *const bm_activations[] = {
#define ACTIVATION(name) &bm_activation_##name,
#include "nets/activation_list.h"
#undef ACTIVATION
    NULL};

const char *const bm_activation_names[] = {
#define ACTIVATION(name) #name,
#include "nets/activation_list.h"
#undef ACTIVATION
    NULL};

bm_activation bm_activation_with(const bm_activation *activation, double parameter) {
    bm_activation changed = *activation;
    changed.parameter = (bm_real)parameter;
    if (strcmp(changed.name, bm_activation_leaky_relu.name) == 0) {
        changed.gain = sqrt(2 / (1 + parameter * parameter));
    }
    return changed;
}
