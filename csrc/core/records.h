/* What kernels that follow a provider through time share: the dates of a record, and when a provider is open. Inside the core only. */
#ifndef SIF_RECORDS_H
#define SIF_RECORDS_H

#include "codes.h"

static inline int64_t sif_published(const sif_records *records, int64_t i) {
    return records->published != NULL ? records->published[i] : SIF_NO_DAY;
}

/* Asks for the records that lie some rows after these. */
static inline void sif_fetch_records_ahead(const sif_records *records, int64_t first, size_t count) {
    sif_fetch_ahead(sif_row_of(&records->provider, first), count, sif_width_of(&records->provider));
    sif_fetch_ahead(records->inspected + first, count, sizeof *records->inspected);
    if (records->published != NULL)
        sif_fetch_ahead(records->published + first, count, sizeof *records->published);
}

/* The day that dates a record among those of its provider. */
static inline int64_t sif_day_of(const sif_records *records, int64_t i) {
    return records->inspected[i] != SIF_NO_DAY ? records->inspected[i] : sif_published(records, i);
}

static inline int sif_is_open(const sif_records *records, int64_t provider, int64_t date) {
    if (records->opened != NULL && records->opened[provider] > date)
        return 0;
    return records->closed == NULL || records->closed[provider] == SIF_NO_DAY || records->closed[provider] > date;
}

#endif
