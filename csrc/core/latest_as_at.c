/* The most recent eligible record of each provider on one date: one pass, no ordering needed. */
#include "records.h"

/* The best record of a provider so far. All that is compared lies side by side. */
typedef struct {
    int64_t dated, published, row;
} best;

sif_status sif_latest_as_at(const sif_records *records, int64_t date, int64_t cutoff, int64_t *rows, const sif_interrupt_check *interrupt) {
    sif_status status = sif_ok();
    const int64_t n_providers = records->provider.size;
    best *const best_of = sif_room_for(n_providers > 0 ? (uint64_t)n_providers : 1, sizeof *best_of);
    if (best_of == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    for (int64_t p = 0; p < n_providers; p++)
        best_of[p] = (best){INT64_MIN, INT64_MIN, -1};
    for (int64_t i = 0; i < records->n; i++) {
        if (i % SIF_ROWS_PER_CHECK == SIF_ROWS_PER_CHECK - 1 && sif_is_interrupted(interrupt)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
        if (records->eligible != NULL && !records->eligible[i])
            continue;
        const int64_t provider = sif_code_at(&records->provider, i);
        if (provider < 0 || provider >= n_providers) {
            status = sif_fail(SIF_BAD_PROVIDER, i, provider);
            goto done;
        }
        const int64_t inspected = records->inspected[i], published = sif_published(records, i);
        if (inspected == SIF_NO_DAY && published == SIF_NO_DAY) {
            status = sif_fail(SIF_NO_DATE, i, 0);
            goto done;
        }
        if (inspected > date || published > cutoff)
            continue;
        best *const than = &best_of[provider];
        const int64_t dated = inspected != SIF_NO_DAY ? inspected : published;
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a provider below n_providers has its best_of */
        if (dated > than->dated || (dated == than->dated && published >= than->published))
            *than = (best){dated, published, i};
    }
    for (int64_t p = 0; p < n_providers; p++)
        rows[p] = sif_is_open(records, p, date) ? best_of[p].row : -1;
done:
    free(best_of);
    return sif_finish(status, rows, n_providers, NULL, 0);
}
