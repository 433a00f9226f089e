/* sif_sum_weights against adding in whole numbers, and in wider ones. */
#include "properties/sum_weights.h"

static void nothing_small_is_lost(void) {
    enum { N = 4097 };
    int8_t *const zeros = allocate(N, 1);
    double *const weights = allocate(N, sizeof *weights);
    weights[0] = 9007199254740992.0; /* 2^53, to which adding 1 changes nothing */
    for (int i = 1; i < N; i++)
        weights[i] = 1;
    const sif_codes grades = {.data = zeros, .size = 1, .kind = SIF_INT8};
    double sums[2] = {0, 0};
    int64_t unweighted = 0;
    CHECK_STATUS(sif_sum_weights(N, NULL, &grades, weights, sums, &unweighted, NULL), SIF_OK, -1, 0);
    CHECK(sums[0] - 9007199254740992.0 - 4096 == 0);
    weights[0] = weights[1] = weights[2] = 1e308;
    CHECK_STATUS(sif_sum_weights(3, NULL, &grades, weights, sums, &unweighted, NULL), SIF_OK, -1, 0);
    CHECK(isinf(sums[0]));
    CHECK(unweighted == 0);
    free(weights);
    free(zeros);
}

static void bad_weights_and_codes_are_named(void) {
    const double bad[] = {-1, -5e-324, INFINITY, -INFINITY};
    enum { N = 2100 };
    int8_t *const codes = allocate(N, 1);
    double *const weights = allocate(N, sizeof *weights);
    const sif_codes grades = {.data = codes, .size = 4, .kind = SIF_INT8};
    for (size_t which = 0; which < sizeof bad / sizeof *bad; which++)
        for (int64_t row = 0; row < N; row += row % 1024 < 3 || row % 1024 > 1020 ? 1 : 509) {
            double sums[5] = {0};
            int64_t *const unweighted = guarded(1);
            weights[row] = bad[which];
            if (row + 1 < N)
                codes[row + 1] = 9; /* a bad code after it does not come first */
            CHECK_STATUS(sif_sum_weights(N, NULL, &grades, weights, sums, unweighted, NULL), SIF_BAD_WEIGHT, row, bits_of(bad[which]));
            for (int c = 0; c < 5; c++)
                CHECK(isnan(sums[c]));
            CHECK(unweighted[0] == SIF_VOID);
            codes[row] = -2;
            CHECK_STATUS(sif_sum_weights(N, NULL, &grades, weights, sums, unweighted, NULL), SIF_BAD_GRADE, row, -2);
            weights[row] = 0;
            codes[row] = 0;
            if (row + 1 < N)
                codes[row + 1] = 0;
            free_guarded(unweighted, 1);
        }
    free(codes);
    free(weights);
}

static void the_interrupt_check_is_obeyed(void) {
    const int64_t n = 2 * SIF_ROWS_PER_CHECK;
    int8_t *const zeros = allocate(n, 1);
    double *const weights = allocate(n, sizeof *weights);
    const sif_codes grades = {.data = zeros, .size = 4, .kind = SIF_INT8};
    test_interrupt left = {0, 2};
    const sif_interrupt_check interrupt = {ask, &left};
    double sums[5] = {0};
    int64_t unweighted = 0;
    CHECK_STATUS(sif_sum_weights(n, NULL, &grades, weights, sums, &unweighted, &interrupt), SIF_INTERRUPTED, -1, 0);
    CHECK(isnan(sums[0]) && isnan(sums[4]) && unweighted == SIF_VOID);
    free(weights);
    free(zeros);
}

static void sums_past_all_bounds_are_refused(void) {
    const int8_t zero = 0;
    const double weight = 1;
    const sif_codes few = {.data = &zero, .size = 4, .kind = SIF_INT8}, many = {.data = &zero, .size = UINT32_MAX, .kind = SIF_INT8};
    double sum = 5;
    int64_t unweighted = 5;
    CHECK_STATUS(sif_sum_weights(1, &many, &few, &weight, &sum, &unweighted, NULL), SIF_TOO_LARGE, -1, UINT32_MAX);
    CHECK_STATUS(sif_sum_weights(1, NULL, &many, &weight, &sum, &unweighted, NULL), SIF_TOO_LARGE, -1, UINT32_MAX);
    CHECK(sum == 5 && unweighted == 5);
}

int main(void) {
    REPEAT(2000, sum_weights_holds);
    EACH_VERSION {
        RUN(nothing_small_is_lost);
        RUN(bad_weights_and_codes_are_named);
        RUN(the_interrupt_check_is_obeyed);
    }
    RUN(sums_past_all_bounds_are_refused);
    return report();
}
