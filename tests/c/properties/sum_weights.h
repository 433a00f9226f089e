/* What holds of sif_sum_weights: sums are exact where they can be, else right to the last bits; the first bad code or weight is named. */
#include <float.h>
#include <math.h>

#include "check.h"

static int64_t bits_of(double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Multiples of 2^-10, whose sums in 64 bits are exact; or numbers of all sizes, some of them none that a weight can be. */
static double random_weight(int exact) {
    static const double odd[] = {0.0, -0.0, 5e-324, 1e-300, 0.1, 1e16, 1e300, 1.7e308, -1, -5e-324, HUGE_VAL, -HUGE_VAL};
    const int64_t drawn = random_below(64);
    if (drawn < 8)
        return NAN;
    if (!exact && drawn < 32)
        return odd[random_below(drawn < 10 ? 12 : 8)]; /* seldom a bad one */
    return (double)random_below((int64_t)1 << 30) / 1024;
}

static void sum_weights_holds(void) {
    use_any_version();
    const int64_t n = random_rows(), n_grades = random_below(12) == 0 ? 120 + random_below(16) : random_below(6);
    const int grouped = random_below(4) != 0, exact = random_below(2) == 0;
    const int64_t n_groups = grouped ? random_below(6) : 0, stride = n_grades + 1, cells = (n_groups + 1) * stride;
    int64_t *const groups = random_codes(n, n_groups), *const grades = random_codes(n, n_grades);
    spoil_codes(groups, grouped ? n : 0, n_groups);
    spoil_codes(grades, n, n_grades);
    const sif_codes of_group = coded_as_seen(groups, n, n_groups), of_grade = coded_as_seen(grades, n, n_grades);
    double *const weights = allocate(n, sizeof *weights), *const sums = allocate(cells, sizeof *sums);
    long double *const expected = allocate(cells, sizeof *expected);
    int64_t *const unweighted = guarded(n_groups + 1), *const without = guarded(n_groups + 1);
    faults wrong = {0};
    for (int64_t i = 0; i < n; i++) {
        weights[i] = random_weight(exact);
        const int64_t group = !grouped || groups[i] < 0 ? n_groups : groups[i];
        if (grouped && (groups[i] < -1 || groups[i] >= n_groups))
            add_fault(&wrong, BAD_CODES, i, SIF_BAD_GROUP, i, groups[i]);
        else if (grades[i] < -1 || grades[i] >= n_grades)
            add_fault(&wrong, BAD_CODES, i, SIF_BAD_GRADE, i, grades[i]);
        else if (weights[i] < 0 || isinf(weights[i]))
            add_fault(&wrong, BAD_CODES, i, SIF_BAD_WEIGHT, i, bits_of(weights[i]));
        else if (isnan(weights[i]))
            without[group]++;
        else
            expected[group * stride + (grades[i] < 0 ? n_grades : grades[i])] += weights[i];
    }

    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const sif_status status = sif_sum_weights(n, grouped ? &of_group : NULL, &of_grade, weights, sums, unweighted, &interrupt);
    const int stopped = was_interrupted(status, &left);
    if (stopped || wrong.n > 0)
        CHECK(all_are_nan(sums, cells) && all_are(unweighted, n_groups + 1, SIF_VOID));
    CHECK(stopped || is_as_expected(status, &wrong));
    if (!stopped && wrong.n == 0) {
        CHECK(memcmp(unweighted, without, (size_t)(n_groups + 1) * sizeof *without) == 0);
        for (int64_t c = 0; c < cells; c++)
            if (exact)
                CHECK(sums[c] - (double)expected[c] == 0);
            else if (isinf(sums[c])) /* a number too large for doubles, or all but */
                CHECK(expected[c] / DBL_MAX > 1 - 1e-15L);
            else
                CHECK(fabsl(sums[c] - expected[c]) <= 1e-15L * expected[c]);
    }
    free_guarded(unweighted, n_groups + 1);
    free_guarded(without, n_groups + 1);
    free_codes(&of_group);
    free_codes(&of_grade);
    free(groups);
    free(grades);
    free(weights);
    free(sums);
    free(expected);
}
