/* What kernels that follow a provider through time share: the dates of a record, and when a provider is open. Inside the core only. */
#ifndef SIF_RECORDS_H
#define SIF_RECORDS_H

#include "codes.h"
#include "days.h"

/* The days of the rows first .. first + count - 1, or of `rows`; of publications that are not known SIF_NO_DAY. */
static inline void sif_load_inspected(const sif_records *records, const int64_t *rows, int64_t first, size_t count, int64_t *out) {
    sif_load_days(records->inspected, records->inspected_unit, rows, first, count, out);
}

static inline void sif_load_published(const sif_records *records, const int64_t *rows, int64_t first, size_t count, int64_t *out) {
    sif_load_days(records->published, records->published_unit, rows, first, count, out);
}

static inline int64_t sif_published(const sif_records *records, int64_t i) {
    return sif_day_at(records->published, records->published_unit, i);
}

/* Asks for the records that lie some rows after these. */
static inline void sif_fetch_records_ahead(const sif_records *records, int64_t first, size_t count) {
    sif_fetch_ahead(sif_row_of(&records->provider, first), count, sif_width_of(&records->provider));
    const sif_date_unit inspected = records->inspected_unit, published = records->published_unit;
    sif_fetch_ahead(sif_date_of(records->inspected, inspected, first), count, sif_width_of_dates(inspected));
    if (records->published != NULL)
        sif_fetch_ahead(sif_date_of(records->published, published, first), count, sif_width_of_dates(published));
}

/* The day that dates a record among those of its provider. */
static inline int64_t sif_day_of(const sif_records *records, int64_t i) {
    const int64_t inspected = sif_day_at(records->inspected, records->inspected_unit, i);
    return inspected != SIF_NO_DAY ? inspected : sif_published(records, i);
}

static inline int sif_is_open(const sif_records *records, int64_t provider, int64_t date) {
    if (records->opened != NULL && records->opened[provider] > date)
        return 0;
    return records->closed == NULL || records->closed[provider] == SIF_NO_DAY || records->closed[provider] > date;
}

#endif
