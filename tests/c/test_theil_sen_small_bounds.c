/* sif_theil_sen where the sample often misses the rank: other samples, plain passes, and slopes at the very ends of a bracket. */
#include "properties/theil_sen.h"

static void samples_that_miss(void) { /* a slope among others that differ by no more than rounding does */
    enum { N = 60 };
    static int64_t zeros[N], order[N];
    int64_t day[N], ranks[8];
    double value[N], slopes[8];
    const double step = (double)(1 + random_below(1000)) / 7, noise = random_below(2) == 0 ? 0x1p-44 : 0x1p-30;
    for (int64_t i = 0; i < N; i++) {
        order[i] = i;
        day[i] = i + 1;
        value[i] = step * (double)i + noise * (double)random_below(8);
    }
    series s = {.n = N, .n_groups = 1, .group = zeros, .day = day, .value = value, .order = order};
    s.rows = (sif_dated){.n = N, .group = {.data = zeros, .size = 1, .kind = SIF_INT64}, .day = day};
    for (int64_t r = 0; r < 8; r++)
        ranks[r] = random_below((int64_t)N * (N - 1) / 2);
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const sif_status status = sif_theil_sen(&s.rows, value, 8, ranks, slopes, &interrupt);
    if (was_interrupted(status, &left)) {
        CHECK(all_are_nan(slopes, 8));
        return;
    }
    CHECK(status.code == SIF_OK);
    for (int64_t r = 0; r < 8; r++)
        CHECK(has_rank(&s, 0, N, slopes[r], ranks[r]));
}

int main(void) {
    REPEAT(2000, theil_sen_holds);
    REPEAT(3000, samples_that_miss);
    return report();
}
