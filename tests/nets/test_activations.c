/* Activations against differences of their own values, at the edges of float, and in place. */
#include <math.h>
#include <string.h>

#include "nets/net.h"
#include "support.h"

static const double tolerance = sizeof(bm_real) == 4 ? 2e-6 : 1e-10;

enum { MOST = 64 };

START_TEST(working_in_place_gives_the_same_bits) {
    for (const bm_activation *const *a = bm_activations; *a; a++) {
        for (size_t n = 0; n <= 50; n++) {
            bm_real x[MOST], y[MOST];
            for (size_t i = 0; i < MOST; i++) {
                x[i] = (bm_real)((double)i * 0.37 - 9);
                y[i] = x[i];
            }
            (*a)->forward((*a)->parameter, n, x, y);
            (*a)->forward((*a)->parameter, n, x, x);
            ck_assert_msg(memcmp(x, y, sizeof x) == 0, "%s of %zu", (*a)->name, n);
        }
    }
}
END_TEST

START_TEST(backward_multiplies_by_the_incoming_gradient) {
    for (const bm_activation *const *a = bm_activations; *a; a++) {
        bm_real x[2] = {(bm_real)-0.7, (bm_real)0.7}, y[2], one[2] = {1, 1}, three[2] = {3, 3};
        (*a)->forward((*a)->parameter, 2, x, y);
        (*a)->backward((*a)->parameter, 2, x, y, one);
        (*a)->backward((*a)->parameter, 2, x, y, three);
        for (int i = 0; i < 2; i++) {
            assert_near((double)three[i], 3 * (double)one[i], tolerance, (*a)->name);
        }
    }
}
END_TEST

START_TEST(nan_stays_nan) {
    for (const bm_activation *const *a = bm_activations; *a; a++) {
        bm_real x[20];
        for (int i = 0; i < 20; i++) {
            x[i] = (bm_real)NAN;
        }
        (*a)->forward((*a)->parameter, 20, x, x);
        for (int i = 0; i < 20; i++) {
            ck_assert_msg(isnan(x[i]), "%s", (*a)->name);
        }
    }
}
END_TEST

START_TEST(names_and_types_are_in_the_same_order) {
    int i = 0;
    for (; bm_activations[i]; i++) {
        ck_assert_str_eq(bm_activations[i]->name, bm_activation_names[i]);
    }
    ck_assert_ptr_null(bm_activation_names[i]);
}
END_TEST

#ifdef BM_DOUBLE

START_TEST(derivatives_are_the_slopes_of_the_values) {
    const double h = 1e-6;
    for (const bm_activation *const *a = bm_activations; *a; a++) {
        for (double at = -6.03; at < 6; at += 0.11) {
            double x[3] = {at - h, at, at + h}, y[3], grad[3] = {1, 1, 1};
            (*a)->forward((*a)->parameter, 3, x, y);
            (*a)->backward((*a)->parameter, 3, x, y, grad);
            assert_near(grad[1], (y[2] - y[0]) / (2 * h), 1e-6, (*a)->name);
        }
    }
}
END_TEST

TEST_MAIN("activations_double", 60, working_in_place_gives_the_same_bits, backward_multiplies_by_the_incoming_gradient,
          nan_stays_nan, names_and_types_are_in_the_same_order, derivatives_are_the_slopes_of_the_values)

#else

/* Every 97th float, of both signs. */
START_TEST(tanh_is_within_three_units_in_the_last_place) {
    double worst = 0;
    for (uint32_t start = 0; start < 0x7f800000u; start += 97 * 1024) {
        float x[1024], y[1024];
        for (uint32_t i = 0; i < 1024; i++) {
            const uint32_t magnitude = start + 97 * i < 0x7f800000u ? start + 97 * i : 0x7f800000u;
            const uint32_t bits = magnitude | (i % 2 ? 0x80000000u : 0u);
            memcpy(&x[i], &bits, sizeof bits);
        }
        bm_activation_tanh.forward(0, 1024, x, y);
        for (int i = 0; i < 1024; i++) {
            const double want = tanh((double)x[i]);
            const float near = fabsf((float)want);
            const double unit = (double)(nextafterf(near, 2) - near);
            const double off = fabs((double)y[i] - want) / unit;
            worst = off > worst ? off : worst;
        }
    }
    ck_assert_msg(worst <= 3, "%.2f units", worst);
}
END_TEST

TEST_MAIN("activations", 60, working_in_place_gives_the_same_bits, backward_multiplies_by_the_incoming_gradient,
          nan_stays_nan, names_and_types_are_in_the_same_order, tanh_is_within_three_units_in_the_last_place)

#endif
