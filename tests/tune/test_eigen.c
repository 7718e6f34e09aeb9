/* The eigenvalues that CMA-ES needs. */
#include <math.h>

#include "support.h"
#include "tune/eigen.h"

START_TEST(eigenvectors_of_a_matrix_worked_by_hand) {
    const double matrix[] = {2, 1, 0, 1, 2, 0, 0, 0, 5}; /* 3 along (1, 1, 0), 1 along (1, -1, 0), 5 along (0, 0, 1) */
    double value[3], vector[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, scratch[9], sum = 0;
    bm_eigen(3, matrix, value, vector, scratch);
    for (int j = 0; j < 3; j++) {
        const double x = vector[j], y = vector[3 + j], z = vector[6 + j];
        assert_near(2 * x + y, value[j] * x, 1e-14, "first row");
        assert_near(x + 2 * y, value[j] * y, 1e-14, "second row");
        assert_near(5 * z, value[j] * z, 1e-14, "third row");
        assert_near(x * x + y * y + z * z, 1, 1e-14, "length");
        sum += value[j] * value[j];
    }
    assert_near(sum, 1 + 9 + 25, 1e-13, "the eigenvalues are 1, 3 and 5");
    double again[3];
    bm_eigen(3, matrix, again, vector, scratch); /* with the answer as a guess */
    for (int j = 0; j < 3; j++) {
        assert_near(again[j], value[j], 1e-14, "the same again");
    }
}
END_TEST

TEST_MAIN("eigen", 10, eigenvectors_of_a_matrix_worked_by_hand)
