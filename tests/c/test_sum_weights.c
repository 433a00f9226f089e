/* sif_sum_weights against adding in whole numbers. */
#include <math.h>

#include "check.h"

/* Weights are multiples of 2^-10, whose sums in whole numbers are exact. */
static void naive(int64_t n, const int64_t *groups, const int64_t *grades, const int64_t *parts, int64_t n_groups, int64_t n_grades,
                  int64_t *sums, int64_t *unweighted) {
    for (int64_t i = 0; i < n; i++) {
        const int64_t group = groups == NULL || groups[i] < 0 ? n_groups : groups[i];
        const int64_t grade = grades[i] < 0 ? n_grades : grades[i];
        if (parts[i] < 0)
            unweighted[group]++;
        else
            sums[group * (n_grades + 1) + grade] += parts[i];
    }
}

static void as_defined(void) {
    for (int again = 0; again < 2000; again++) {
        const int64_t n = again % 100 == 0 ? 5000 : random_below(60), n_grades = random_below(6);
        const int grouped = random_below(4) != 0;
        const int64_t n_groups = grouped ? random_below(6) : 0, cells = (n_groups + 1) * (n_grades + 1);
        int64_t *const groups = random_codes(n, n_groups), *const grades = random_codes(n, n_grades);
        int64_t *const parts = random_codes(n, (int64_t)1 << 30);
        double *const weights = allocate(n, sizeof *weights), *const sums = allocate(cells, sizeof *sums);
        for (int64_t i = 0; i < n; i++)
            weights[i] = parts[i] < 0 ? NAN : (double)parts[i] / 1024;
        const sif_codes of_group = coded_somehow(groups, n, n_groups), of_grade = coded_somehow(grades, n, n_grades);
        int64_t *const unweighted = guarded(n_groups + 1);
        int64_t *const exact = guarded(cells), *const without = guarded(n_groups + 1);
        naive(n, grouped ? groups : NULL, grades, parts, n_groups, n_grades, exact, without);
        CHECK_STATUS(sif_sum_weights(n, grouped ? &of_group : NULL, &of_grade, weights, sums, unweighted, NULL), SIF_OK, -1, 0);
        for (int64_t c = 0; c < cells; c++)
            CHECK(sums[c] * 1024 - (double)exact[c] == 0);
        CHECK(memcmp(unweighted, without, (size_t)(n_groups + 1) * sizeof *without) == 0);
        free_guarded(unweighted, n_groups + 1);
        free_guarded(without, n_groups + 1);
        free_guarded(exact, cells);
        free_codes(&of_group);
        free_codes(&of_grade);
        free(groups);
        free(grades);
        free(parts);
        free(weights);
        free(sums);
    }
}

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

static int64_t bits_of(double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
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

static void the_watch_is_obeyed(void) {
    const int64_t n = 2 * SIF_WATCH_ROWS;
    int8_t *const zeros = allocate(n, 1);
    double *const weights = allocate(n, sizeof *weights);
    const sif_codes grades = {.data = zeros, .size = 4, .kind = SIF_INT8};
    patience left = {0, 2};
    const sif_watch watch = {ask, &left};
    double sums[5] = {0};
    int64_t unweighted = 0;
    CHECK_STATUS(sif_sum_weights(n, NULL, &grades, weights, sums, &unweighted, &watch), SIF_INTERRUPTED, -1, 0);
    CHECK(isnan(sums[0]) && isnan(sums[4]) && unweighted == SIF_VOID);
    free(weights);
    free(zeros);
}

int main(void) {
    EACH_VERSION {
        RUN(as_defined);
        RUN(nothing_small_is_lost);
        RUN(bad_weights_and_codes_are_named);
        RUN(the_watch_is_obeyed);
    }
    return report();
}
