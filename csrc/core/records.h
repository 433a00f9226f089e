/* What the kernels that follow a provider through time share: dates of a record, openness of a provider. Inside the core only. */
#ifndef SIF_RECORDS_H
#define SIF_RECORDS_H

#include "codes.h"

static inline int64_t sif_published(const sif_records *records, int64_t i) {
    return records->published != NULL ? records->published[i] : SIF_NO_DAY;
}

/* The day that dates a record among those of its provider. */
static inline int64_t sif_day_of(const sif_records *records, int64_t i) {
    return records->inspected[i] != SIF_NO_DAY ? records->inspected[i] : sif_published(records, i);
}

/* out[i] = the code of rows[i], or of row first + i without rows: -1 where it is missing, SIF_NO_CODE where it is out of range; never
 * anything else, whoever writes to the codes meanwhile. The rows must exist, and nobody else may write to them; codes->size <= INT32_MAX.
 */
#define SIF_NO_CODE INT32_MIN

void sif_load_codes(const sif_codes *codes, const int64_t *rows, int64_t first, size_t count, int32_t *out);

static inline int sif_is_open(const sif_records *records, int64_t provider, int64_t date) {
    if (records->opened != NULL && records->opened[provider] > date)
        return 0;
    return records->closed == NULL || records->closed[provider] == SIF_NO_DAY || records->closed[provider] > date;
}

#endif
