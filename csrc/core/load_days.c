/* From moments to days: the time of day is dropped. */
#include <string.h>

#include "cpu.h"
#include "days.h"

#define SECONDS_A_DAY UINT64_C(86400)

/* The largest whole number of days that is not more. Of a moment before 1970 all bits are turned: that makes -1 - moment of it, and the day
 * of that is -1 - day. So no number is too large for its type. */
SIF_INLINE int64_t day_of_moment(int64_t moment, uint64_t units_a_day) {
    const uint64_t turned = moment < 0 ? UINT64_MAX : 0;
    const int64_t day = (int64_t)(((uint64_t)moment ^ turned) / units_a_day ^ turned);
    return moment != SIF_NO_DAY ? day : SIF_NO_DAY;
}

/* The divisor is known where this is called: then compilers multiply instead. */
SIF_INLINE void drop_times(int64_t *dates, size_t count, uint64_t units_a_day) {
    for (size_t i = 0; i < count; i++)
        dates[i] = day_of_moment(dates[i], units_a_day);
}

/* Days of 32 bits, the missing one of which is the least, too. */
static void widen_days(const int32_t *days, const int64_t *rows, int64_t first, size_t count, int64_t *out) {
    for (size_t i = 0; i < count; i++) {
        const int32_t day = ((const volatile int32_t *)days)[rows != NULL ? rows[i] : first + (int64_t)i];
        out[i] = day != INT32_MIN ? day : SIF_NO_DAY;
    }
}

int64_t sif_day_at(const void *dates, sif_date_unit unit, int64_t row) {
    int64_t day;
    sif_load_days(dates, unit, &row, 0, 1, &day);
    return day;
}

void sif_load_days(const void *dates, sif_date_unit unit, const int64_t *rows, int64_t first, size_t count, int64_t *out) {
    if (dates != NULL && unit == SIF_DAYS32)
        widen_days(dates, rows, first, count, out);
    else if (dates != NULL && rows == NULL)
        memcpy(out, sif_date_of(dates, unit, first), count * sizeof *out);
    else
        for (size_t i = 0; i < count; i++)
            out[i] = dates != NULL ? sif_once(dates, rows[i]) : SIF_NO_DAY;
    switch (unit) {
    case SIF_DAYS:
    case SIF_DAYS32:
        break;
    case SIF_SECONDS:
        drop_times(out, count, SECONDS_A_DAY);
        break;
    case SIF_MILLISECONDS:
        drop_times(out, count, SECONDS_A_DAY * 1000);
        break;
    case SIF_MICROSECONDS:
        drop_times(out, count, SECONDS_A_DAY * 1000000);
        break;
    default: /* SIF_NANOSECONDS */
        drop_times(out, count, SECONDS_A_DAY * 1000000000);
        break;
    }
}
