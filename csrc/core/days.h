/* Dates as they lie in a table, read as days. Inside the core only. */
#ifndef SIF_DAYS_H
#define SIF_DAYS_H

#include "codes.h"

static inline size_t sif_width_of_dates(sif_date_unit unit) {
    return unit == SIF_DAYS32 ? sizeof(int32_t) : sizeof(int64_t);
}

static inline const void *sif_date_of(const void *dates, sif_date_unit unit, int64_t row) {
    return (const char *)dates + row * (int64_t)sif_width_of_dates(unit);
}

/* The day of one date, which is read once. */
int64_t sif_day_at(const void *dates, sif_date_unit unit, int64_t row);

/* out[i] = the day of rows[i], or of row first + i where rows is NULL; SIF_NO_DAY where dates is NULL. The rows must exist, and nobody else
 * may write to `rows`. `out` is the caller's alone, so that a day cannot be one when it is compared and another when it is looked up. */
void sif_load_days(const void *dates, sif_date_unit unit, const int64_t *rows, int64_t first, size_t count, int64_t *out);

#endif
