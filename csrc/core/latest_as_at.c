/* The most recent eligible record of each provider on one date: one pass, no ordering needed. */
#include "records.h"

static inline int is_later(int64_t held, int64_t published, int64_t than_held, int64_t than_published) {
    return held != than_held ? held > than_held : published >= than_published;
}

sif_status sif_latest_as_at(const sif_records *records, int64_t date, int64_t cutoff, int64_t *rows, const sif_watch *watch) {
    sif_status status = sif_ok();
    const int64_t n_providers = records->provider.size;
    for (int64_t p = 0; p < n_providers; p++)
        rows[p] = -1;
    for (int64_t i = 0; i < records->n; i++) {
        if (i % SIF_WATCH_ROWS == SIF_WATCH_ROWS - 1 && sif_stop(watch)) {
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
        const int64_t published = sif_published(records, i);
        if (records->held[i] == SIF_NO_DAY && published == SIF_NO_DAY) {
            status = sif_fail(SIF_NO_DATE, i, 0);
            goto done;
        }
        if (records->held[i] > date || published > cutoff)
            continue;
        const int64_t best = rows[provider];
        if (best < 0 || is_later(sif_placed(records, i), published, sif_placed(records, best), sif_published(records, best)))
            rows[provider] = i;
    }
    for (int64_t p = 0; p < n_providers; p++)
        if (!sif_is_open(records, p, date))
            rows[p] = -1;
done:
    if (status.code != SIF_OK)
        for (int64_t p = 0; p < n_providers; p++)
            rows[p] = SIF_VOID;
    return status;
}
