/* sif_resample_counts: sums of what is drawn, as many draws as providers, and each provider as likely as any other. */
#include "properties/resample_counts.h"

/* 37 providers in three profiles, drawn 37 times in each of 20,000 replicates: the draws of each profile have the binomial's mean and
 * variance. The seed is fixed; the bounds are five standard errors. */
static void draws_are_binomial(void) {
    enum { REPLICATES = 20000, N = 37 };
    int64_t members[] = {1, 29, 7}, entries[] = {0, 1, 2, 3}, cell[] = {0, 1, 2}, count[] = {1, 1, 1};
    int64_t *const out = guarded(REPLICATES * 3);
    CHECK_STATUS(sif_resample_counts(3, members, entries, 3, cell, count, 3, 20261123, 0, REPLICATES, out, NULL), SIF_OK, -1, 0);
    for (int p = 0; p < 3; p++) {
        const double share = (double)members[p] / N, mean = N * share, variance = mean * (1 - share);
        double sum = 0, squares = 0;
        for (int64_t r = 0; r < REPLICATES; r++) {
            const double off = (double)out[r * 3 + p] - mean;
            sum += off;
            squares += off * off;
        }
        const double error = sum / REPLICATES, spread = squares / REPLICATES;
        CHECK(error * error < 25 * variance / REPLICATES);
        /* The fourth moment of a binomial is at most 3 variances squared and one variance. */
        CHECK((spread - variance) * (spread - variance) < 25 * (2 * variance * variance + variance) / REPLICATES);
    }
    free_guarded(out, REPLICATES * 3);
}

static void seeds_and_replicates_differ(void) {
    int64_t members[] = {50, 50}, entries[] = {0, 1, 2}, cell[] = {0, 1}, count[] = {1, 1};
    int64_t *const out = guarded(40 * 2), *const other = guarded(40 * 2);
    CHECK_STATUS(sif_resample_counts(2, members, entries, 2, cell, count, 2, 1, 0, 40, out, NULL), SIF_OK, -1, 0);
    CHECK_STATUS(sif_resample_counts(2, members, entries, 2, cell, count, 2, 2, 0, 40, other, NULL), SIF_OK, -1, 0);
    CHECK(memcmp(out, other, 80 * sizeof *out) != 0);
    int differ = 0;
    for (int64_t r = 1; r < 40; r++)
        differ |= out[r * 2] != out[0];
    CHECK(differ);
    free_guarded(out, 80);
    free_guarded(other, 80);
}

static void what_is_wrong_is_named(void) {
    int64_t members[] = {3, 4}, entries[] = {0, 1, 2}, cell[] = {0, 1}, count[] = {1, 1};
    int64_t *const out = guarded(4);
    CHECK_STATUS(sif_resample_counts(0, members, entries, 2, cell, count, 2, 1, 0, 2, out, NULL), SIF_OK, -1, 0);
    CHECK(all_are(out, 4, 0));
    cell[1] = 2;
    CHECK_STATUS(sif_resample_counts(2, members, entries, 2, cell, count, 2, 1, 0, 2, out, NULL), SIF_BAD_VALUE, 1, 2);
    CHECK(all_are(out, 4, SIF_VOID));
    members[1] = SIF_MOST_ROWS - 2;
    CHECK_STATUS(sif_resample_counts(2, members, entries, 2, cell, count, 2, 1, 0, 2, out, NULL), SIF_TOO_LARGE, 1, SIF_MOST_ROWS - 2);
    CHECK_STATUS(sif_resample_counts(UINT32_MAX, members, entries, 2, cell, count, 2, 1, 0, 2, out, NULL), SIF_TOO_LARGE, -1, UINT32_MAX);
    free_guarded(out, 4);
}

/* A few members can stand for more providers than 32 bits can make room for. */
static void more_than_memory_is_refused(void) {
#if SIZE_MAX <= UINT32_MAX
    int64_t members[] = {(int64_t)1 << 30}, entries[] = {0, 1}, cell[] = {0}, count[] = {1}, out = 0;
    CHECK_STATUS(sif_resample_counts(1, members, entries, 1, cell, count, 1, 1, 0, 1, &out, NULL), SIF_NO_MEMORY, -1, 0);
    CHECK(out == SIF_VOID);
#endif
}

static void the_interrupt_check_is_asked_and_obeyed(void) {
    int64_t members[] = {1 << 16}, entries[] = {0, 1}, cell[] = {0}, count[] = {1};
    int64_t *const out = guarded(40);
    test_interrupt left = {0, 2}; /* asked each 16 replicates */
    const sif_interrupt_check interrupt = {ask, &left};
    CHECK_STATUS(sif_resample_counts(1, members, entries, 1, cell, count, 1, 1, 0, 40, out, &interrupt), SIF_INTERRUPTED, -1, 0);
    CHECK(left.asked == 2 && all_are(out, 40, SIF_VOID));
    free_guarded(out, 40);
}

int main(void) {
    REPEAT(2000, resample_counts_holds);
    RUN(draws_are_binomial);
    RUN(seeds_and_replicates_differ);
    RUN(what_is_wrong_is_named);
    RUN(more_than_memory_is_refused);
    RUN(the_interrupt_check_is_asked_and_obeyed);
    return report();
}
