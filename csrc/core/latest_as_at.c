/* The most recent eligible record of each provider on one date: one pass, no ordering needed. Of a block of rows those that count are
 * kept first, so that the places of their providers, which lie anywhere, are fetched before the first of them is looked at. */
#include "code_loops.h"
#include "records.h"

enum { LATEST_BLOCK = 256 };

/* The best record of a provider so far. All that is compared lies side by side. */
typedef struct {
    int64_t dated, published, row;
} best;

/* The records of a block that count, each with its provider. */
typedef struct {
    int32_t provider[LATEST_BLOCK];
    best record[LATEST_BLOCK];
} counted_records;

/* Keeps the rows first .. stop - 1 that count. Returns how many, or -1 where an eligible row is at fault. */
static int64_t keep_counted(const sif_records *records, int64_t date, int64_t cutoff, int64_t first, int64_t stop, counted_records *kept) {
    int32_t provider[LATEST_BLOCK];
    int64_t inspected_of[LATEST_BLOCK], published_of[LATEST_BLOCK], n = 0;
    int is_faulty = 0;
    sif_load_codes(&records->provider, NULL, first, (size_t)(stop - first), provider);
    sif_load_inspected(records, NULL, first, (size_t)(stop - first), inspected_of);
    sif_load_published(records, NULL, first, (size_t)(stop - first), published_of);
    for (int64_t i = first; i < stop; i++) {
        const int64_t inspected = inspected_of[i - first], published = published_of[i - first];
        const int64_t dated = inspected != SIF_NO_DAY ? inspected : published;
        const int is_eligible = records->eligible == NULL || records->eligible[i];
        is_faulty |= is_eligible & ((dated == SIF_NO_DAY) | (provider[i - first] < 0));
        kept->provider[n] = provider[i - first];
        kept->record[n] = (best){dated, published, i};
        n += is_eligible & (inspected <= date) & (published <= cutoff);
    }
    return is_faulty ? -1 : n;
}

/* What is wrong with the first eligible row that is at fault. */
static sif_status first_fault(const sif_records *records, int64_t first, int64_t stop) {
    for (int64_t i = first; i < stop; i++) { /* one way: an array must change meanwhile */
        if (records->eligible != NULL && !records->eligible[i])
            continue;
        const int64_t provider = sif_code_at(&records->provider, i);
        if (provider < 0 || provider >= records->provider.size)
            return sif_fail(SIF_BAD_PROVIDER, i, provider);
        if (sif_day_of(records, i) == SIF_NO_DAY)
            return sif_fail(SIF_NO_DATE, i, 0);
    }
    return sif_changed(); /* not reached: an array must change meanwhile */
}

sif_status sif_latest_as_at(const sif_records *records, int64_t date, int64_t cutoff, int64_t *rows, const sif_interrupt_check *interrupt) {
    sif_status status = sif_ok();
    const int64_t n_providers = records->provider.size;
    int64_t work = 0;
    if (n_providers > INT32_MAX)
        return sif_fail(SIF_TOO_LARGE, -1, n_providers);
    best *const best_of = sif_room_for(n_providers > 0 ? (uint64_t)n_providers : 1, sizeof *best_of);
    if (best_of == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    for (int64_t p = 0; p < n_providers; p++)
        best_of[p] = (best){INT64_MIN, INT64_MIN, -1};
    for (int64_t first = 0, stop; first < records->n; first = stop) {
        counted_records kept;
        stop = records->n - first < LATEST_BLOCK ? records->n : first + LATEST_BLOCK;
        sif_fetch_records_ahead(records, first, (size_t)(stop - first));
        const int64_t n = keep_counted(records, date, cutoff, first, stop, &kept);
        if (n < 0) {
            status = first_fault(records, first, stop);
            goto done;
        }
        for (int64_t k = 0; k < n; k++)
            SIF_FETCH_FOR_WRITING(&best_of[kept.provider[k]]);
        for (int64_t k = 0; k < n; k++) {
            best *const than = &best_of[kept.provider[k]];
            const best record = kept.record[k];
            /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a provider below n_providers has its best_of */
            if (record.dated > than->dated || (record.dated == than->dated && record.published >= than->published))
                *than = record;
        }
        if (sif_is_interrupted_after(interrupt, &work, stop - first)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
    }
    for (int64_t p = 0; p < n_providers; p++)
        rows[p] = sif_is_open(records, p, date) ? best_of[p].row : -1;
done:
    free(best_of);
    return sif_finish(status, rows, n_providers, NULL, 0);
}
