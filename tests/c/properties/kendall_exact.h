/* What holds of sif_kendall_exact: the numbers of arrangements that adding coefficients of Gauss's binomials one by one gives. */
#include <math.h>

#include "check.h"

enum { MOST = SIF_MOST_EXACT, PAIRS = MOST * (MOST - 1) / 2 };

/* by[n][k][q]: how many choices of k of n places have q pairs in the wrong order: Pascal's rule, with q more where the last is chosen. */
static uint64_t (*gauss(void))[MOST + 1][PAIRS + 1] {
    static uint64_t by[MOST + 1][MOST + 1][PAIRS + 1];
    if (by[0][0][0] == 0)
        for (int n = 0; n <= MOST; n++)
            for (int k = 0; k <= n; k++)
                for (int q = 0; q <= k * (n - k); q++)
                    by[n][k][q] = n == 0 || k == 0 ? q == 0 : by[n - 1][k - 1][q] + (n > k && q >= k ? by[n - 1][k][q - k] : 0);
    return by;
}

/* arrangements[q]: the orders of values that fall into the runs, with q discordant pairs. Returns the pairs of unequal values. */
static int64_t naive_arrangements(int64_t tie_pattern, uint64_t *arrangements) {
    uint64_t(*const by)[MOST + 1][PAIRS + 1] = gauss();
    uint64_t product[PAIRS + 1];
    int64_t n = 0, pairs = 0, length = 0;
    memset(arrangements, 0, (PAIRS + 1) * sizeof *arrangements);
    arrangements[0] = 1;
    for (int64_t bit = 0; bit < MOST && tie_pattern >> bit != 0; bit++) {
        length++;
        if ((tie_pattern >> bit & 1) == 0)
            continue;
        memset(product, 0, sizeof product);
        for (int64_t p = 0; p <= pairs; p++)
            for (int64_t q = 0; q <= n * length; q++)
                product[p + q] += arrangements[p] * by[n + length][length][q];
        memcpy(arrangements, product, sizeof product);
        pairs += n * length;
        n += length;
        length = 0;
    }
    return pairs;
}

static int is_near(double a, long double b) {
    return fabsl(a - b) <= 1e-15L * b;
}

static void kendall_exact_holds(void) {
    const int64_t n = random_below(6);
    int64_t *const tie_pattern = guarded(n), *const s = guarded(n);
    double *const above = allocate(n, sizeof *above), *const at = allocate(n, sizeof *at);
    uint64_t arrangements[PAIRS + 1];
    faults wrong = {0};
    for (int64_t i = 0; i < n; i++) {
        tie_pattern[i] =
            i > 0 && random_below(3) == 0 ? tie_pattern[i - 1] : 1 + random_below(((int64_t)1 << (1 + random_below(MOST))) - 1);
        if (random_below(24) == 0)
            tie_pattern[i] = bad_code((int64_t)1 << MOST);
        if (tie_pattern[i] <= 0 || tie_pattern[i] >= (int64_t)1 << MOST) {
            add_fault(&wrong, BAD_NUMBERS, i, SIF_BAD_VALUE, i, tie_pattern[i]);
            continue;
        }
        const int64_t pairs = naive_arrangements(tie_pattern[i], arrangements);
        s[i] = random_below(24) == 0 ? bad_code(pairs) : pairs - 2 * random_below(pairs + 1);
        if (s[i] < -pairs || s[i] > pairs || (s[i] - pairs) % 2 != 0)
            add_fault(&wrong, BAD_NUMBERS, i, SIF_BAD_VALUE, i, s[i]);
    }
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const sif_status status = sif_kendall_exact(n, tie_pattern, s, above, at, &interrupt);
    CHECK(was_interrupted(status, &left) || is_as_expected(status, &wrong));
    if (status.code != SIF_OK)
        CHECK(all_are_nan(above, n) && all_are_nan(at, n));
    for (int64_t i = 0; i < n && status.code == SIF_OK; i++) {
        const int64_t pairs = naive_arrangements(tie_pattern[i], arrangements);
        uint64_t all = 0, larger = 0;
        for (int64_t q = 0; q <= pairs; q++) {
            all += arrangements[q];
            larger += pairs - 2 * q > s[i] ? arrangements[q] : 0;
        }
        CHECK(is_near(above[i], (long double)larger / (long double)all));
        CHECK(is_near(at[i], (long double)arrangements[(pairs - s[i]) / 2] / (long double)all));
    }
    free_guarded(tie_pattern, n);
    free_guarded(s, n);
    free(above);
    free(at);
}
