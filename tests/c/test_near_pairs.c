/* sif_near_pairs against looking at every two rows. */
#include "properties/near_pairs.h"

static void more_than_can_be_told_apart_is_refused(void) {
    const int64_t too_many = (int64_t)INT32_MAX + 1, day = 1;
    const int32_t provider = 0;
    const sif_provider_days one = {1, &provider, &day}, many = {too_many, &provider, &day};
    int64_t older_row = 7, newer_row = 7, n_pairs = 7;
    CHECK_STATUS(sif_near_pairs(&many, &one, 20, 1, &older_row, &newer_row, &n_pairs, NULL), SIF_TOO_LARGE, -1, too_many);
    CHECK_STATUS(sif_near_pairs(&one, &many, 20, 1, &older_row, &newer_row, &n_pairs, NULL), SIF_TOO_LARGE, -1, too_many);
    CHECK_STATUS(sif_near_pairs(&one, &one, too_many, 1, &older_row, &newer_row, &n_pairs, NULL), SIF_TOO_LARGE, -1, too_many);
    CHECK(older_row == 7 && newer_row == 7 && n_pairs == SIF_VOID);
    CHECK_STATUS(sif_near_pairs(&one, &one, INT32_MAX, 1, &older_row, &newer_row, &n_pairs, NULL), SIF_OK, -1, 0);
    CHECK(older_row == 0 && newer_row == 0 && n_pairs == 1);
}

/* All rows of one provider on one day: they are all in one bucket, and all are pairs. */
static void rows_that_all_are_near_are_all_paired(void) {
    enum { OLDER = 700, NEWER = 600 };
    int32_t *const provider = allocate(OLDER, sizeof *provider);
    int64_t *const day = allocate(OLDER, sizeof *day), *const rows = guarded(2);
    const sif_provider_days older = {OLDER, provider, day}, newer = {NEWER, provider, day};
    int64_t n_pairs;
    CHECK_STATUS(sif_near_pairs(&older, &newer, 20, 1, rows, rows + 1, &n_pairs, NULL), SIF_OK, -1, 0);
    CHECK(n_pairs == OLDER * NEWER && rows[0] == 0 && rows[1] == 0);
    free_guarded(rows, 2);
    free(provider);
    free(day);
}

int main(void) {
    REPEAT(2000, near_pairs_holds);
    RUN(more_than_can_be_told_apart_is_refused);
    RUN(rows_that_all_are_near_are_all_paired);
    return report();
}
