/* What holds of sif_resample_counts: as many providers are drawn as there are, the same for a seed however the replicates are cut, and the
 * counts of those drawn are summed. */
#include "check.h"

typedef struct {
    int64_t n_profiles, n_entries, n_cells;
    int64_t *members, *entries, *cell, *count;
} profiles;

static sif_status resampled(const profiles *of, uint64_t seed, int64_t first, int64_t n, int64_t *out,
                            const sif_interrupt_check *interrupt) {
    return sif_resample_counts(of->n_profiles, of->members, of->entries, of->n_entries, of->cell, of->count, of->n_cells, seed, first, n,
                               out, interrupt);
}

static profiles any_profiles(void) {
    profiles of = {.n_profiles = random_below(6), .n_cells = random_below(5)};
    of.n_entries = of.n_profiles == 0 || of.n_cells == 0 ? 0 : random_below(12);
    of.members = allocate(of.n_profiles, sizeof *of.members);
    of.entries = allocate(of.n_profiles + 1, sizeof *of.entries);
    of.cell = allocate(of.n_entries, sizeof *of.cell);
    of.count = allocate(of.n_entries, sizeof *of.count);
    for (int64_t p = 0; p < of.n_profiles; p++)
        of.members[p] = random_below(4) == 0 ? random_below(200) : random_below(6);
    for (int64_t p = 0, left = of.n_entries; p < of.n_profiles; p++) {
        const int64_t taken = p + 1 == of.n_profiles ? left : random_below(left + 1);
        left -= taken;
        of.entries[p + 1] = of.entries[p] + taken;
    }
    for (int64_t e = 0; e < of.n_entries; e++) {
        of.cell[e] = random_below(of.n_cells);
        of.count[e] = random_below(8) == 0 ? SIF_MOST_ROWS : random_below(9);
    }
    if (of.n_profiles > 0 && random_below(16) == 0) {
        const int64_t bad[] = {-1, INT64_MIN, SIF_MOST_ROWS + 1, INT64_MAX};
        of.members[random_below(of.n_profiles)] = bad[random_below(4)];
    }
    if (of.n_profiles > 0 && random_below(16) == 0)
        of.entries[random_below(of.n_profiles)] = random_below(of.n_entries + 3) - 2; /* what lies past the end is never the last */
    if (of.n_entries > 0 && random_below(16) == 0)
        of.cell[random_below(of.n_entries)] = bad_code(of.n_cells);
    if (of.n_entries > 0 && random_below(16) == 0)
        of.count[random_below(of.n_entries)] = random_below(2) == 0 ? -1 - random_below(INT64_MAX) : SIF_MOST_ROWS + 1 + random_below(9);
    return of;
}

static void free_profiles(profiles *of) {
    free(of->members);
    free(of->entries);
    free(of->cell);
    free(of->count);
}

static void find_bad_profiles(const profiles *of, faults *wrong) {
    int64_t providers = 0;
    for (int64_t p = 0; p < of->n_profiles; p++) {
        if (of->members[p] < 0 || of->entries[p] < 0 || of->entries[p + 1] < of->entries[p]) {
            add_fault(wrong, BAD_ROWS, p, SIF_BAD_VALUE, p, of->members[p]);
            return;
        }
        if (of->members[p] > SIF_MOST_ROWS - providers) {
            add_fault(wrong, BAD_ROWS, p, SIF_TOO_LARGE, p, of->members[p]);
            return;
        }
        providers += of->members[p];
    }
    for (int64_t e = of->n_profiles > 0 ? of->entries[0] : 0; e < of->n_entries; e++)
        if (of->cell[e] < 0 || of->cell[e] >= of->n_cells || of->count[e] < 0 || of->count[e] > SIF_MOST_ROWS)
            add_fault(wrong, BAD_NUMBERS, e, SIF_BAD_VALUE, e, of->cell[e]);
}

/* drawn, n x n_profiles: how many of each profile are drawn in each replicate: a cell for each, in which its providers count 1. */
static void draw_profiles(const profiles *of, uint64_t seed, int64_t first, int64_t n, int64_t *drawn) {
    profiles each = {.n_profiles = of->n_profiles, .n_entries = of->n_profiles, .n_cells = of->n_profiles, .members = of->members};
    each.entries = allocate(of->n_profiles + 1, sizeof *each.entries);
    each.cell = allocate(of->n_profiles, sizeof *each.cell);
    each.count = allocate(of->n_profiles, sizeof *each.count);
    for (int64_t p = 0; p < of->n_profiles; p++) {
        each.entries[p + 1] = p + 1;
        each.cell[p] = p;
        each.count[p] = 1;
    }
    CHECK_STATUS(resampled(&each, seed, first, n, drawn, NULL), SIF_OK, -1, 0);
    free(each.entries);
    free(each.cell);
    free(each.count);
}

static void resample_counts_holds(void) {
    profiles of = any_profiles();
    const uint64_t seed = (uint64_t)random_below(INT64_MAX);
    const int64_t first = random_below(1000), n = random_below(5), cut = random_below(n + 1), cells = n * of.n_cells;
    int64_t *const out = guarded(cells), *const drawn = guarded(n * of.n_profiles);
    memset(out, 99, (size_t)cells * sizeof *out); /* overwritten, not added to */
    faults wrong = {0};
    find_bad_profiles(&of, &wrong);
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    sif_status status = resampled(&of, seed, first, cut, out, &interrupt);
    if (status.code == SIF_OK) {
        status = resampled(&of, seed, first + cut, n - cut, out + cut * of.n_cells, &interrupt);
        if (status.code != SIF_OK)
            CHECK(status.code == SIF_TOO_LARGE || all_are(out + cut * of.n_cells, (n - cut) * of.n_cells, SIF_VOID));
    } else
        CHECK(status.code == SIF_TOO_LARGE || all_are(out, cut * of.n_cells, SIF_VOID));
    const int stopped = was_interrupted(status, &left);
    CHECK(stopped || is_as_expected(status, &wrong));
    if (status.code == SIF_OK) {
        int64_t providers = 0;
        for (int64_t p = 0; p < of.n_profiles; p++)
            providers += of.members[p];
        draw_profiles(&of, seed, first, n, drawn);
        for (int64_t r = 0; r < n; r++) {
            const int64_t *const of_replicate = drawn + r * of.n_profiles;
            int64_t all = 0;
            for (int64_t p = 0; p < of.n_profiles; p++) {
                CHECK(of_replicate[p] >= 0 && (of_replicate[p] == 0 || of.members[p] > 0));
                all += of_replicate[p];
            }
            CHECK(all == providers);
            int64_t *const sums = allocate(of.n_cells, sizeof *sums);
            for (int64_t p = 0; p < of.n_profiles; p++)
                for (int64_t e = of.entries[p]; e < of.entries[p + 1]; e++)
                    sums[of.cell[e]] += of_replicate[p] * of.count[e];
            CHECK(memcmp(sums, out + r * of.n_cells, (size_t)of.n_cells * sizeof *sums) == 0);
            free(sums);
        }
    }
    free_guarded(out, cells);
    free_guarded(drawn, n * of.n_profiles);
    free_profiles(&of);
}
