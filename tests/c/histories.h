/* Random records for the tests of the kernels that follow a provider through time, and what their naive definitions share. */
#ifndef HISTORIES_H
#define HISTORIES_H

#include "check.h"

/* Plain columns, as a kernel should see them; sif_records and sif_codes point into them or into codes of them. */
typedef struct {
    int64_t n, n_providers, n_groups, n_periods, n_grades;
    int64_t *provider, *inspected, *published, *opened, *closed, *group, *period, *grade, *expires;
    uint8_t *eligible;
    sif_records records; /* its dates are `inspected` and `published` in some unit, in memory of their own */
    sif_codes groups, periods, grades;
} histories;

enum { FEW_DAYS, MANY_DAYS, DAYS_PAST_A_TABLE, EXTREME_DAYS, DAYS_OF_32_BITS, DAY_KINDS };

static inline int64_t random_day(int kind) {
    static const int64_t extremes[] = {INT64_MIN + 1, INT64_MIN + 2, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    static const int64_t edges[] = {INT32_MIN, (int64_t)INT32_MIN + 1, -1, 0, 1, INT32_MAX - 1, INT32_MAX};
    switch (kind) {
    case FEW_DAYS:
        return random_below(5) - 2;
    case MANY_DAYS:
        return random_below(400) - 100;
    case DAYS_PAST_A_TABLE:
        return random_below(200000) - 100000;
    case EXTREME_DAYS:
        return extremes[random_below(7)];
    default:
        return edges[random_below(7)];
    }
}

static inline int64_t maybe_day(int kind, int64_t missing_in_8) {
    return random_below(8) < missing_in_8 ? SIF_NO_DAY : random_day(kind);
}

/* The day that dates a record. */
static inline int64_t dated(const histories *h, int64_t i) {
    return h->inspected[i] == SIF_NO_DAY ? h->published[i] : h->inspected[i];
}

/* Whether record a comes before record b of the same provider. */
static inline int is_before(const histories *h, int64_t a, int64_t b) {
    if (dated(h, a) != dated(h, b))
        return dated(h, a) < dated(h, b);
    if (h->published[a] != h->published[b])
        return h->published[a] < h->published[b];
    return a < b;
}

/* Whether record a comes before record b, of whichever provider. */
static inline int comes_before(const histories *h, int64_t a, int64_t b) {
    return h->provider[a] != h->provider[b] ? h->provider[a] < h->provider[b] : is_before(h, a, b);
}

static const histories *being_sorted; /* qsort gives its comparison no context */

static inline int compare_records(const void *a, const void *b) {
    const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return one == other ? 0 : comes_before(being_sorted, one, other) ? -1 : 1;
}

/* order[j]: the row at place j by provider and time. */
static inline void sort_rows(const histories *h, int64_t *order) {
    for (int64_t i = 0; i < h->n; i++)
        order[i] = i;
    being_sorted = h;
    qsort(order, (size_t)h->n, sizeof *order, compare_records);
}

static inline histories plain_histories(int64_t n, int64_t n_providers, int kind) {
    histories h = {.n = n_providers == 0 ? 0 : n,
                   .n_providers = n_providers,
                   .n_groups = random_below(4),
                   .n_periods = random_below(4),
                   .n_grades = random_below(5)};
    h.provider = allocate(h.n, sizeof *h.provider);
    h.inspected = allocate(h.n, sizeof *h.inspected);
    h.published = allocate(h.n, sizeof *h.published);
    h.expires = allocate(h.n, sizeof *h.expires);
    h.eligible = allocate(h.n, 1);
    h.opened = allocate(n_providers, sizeof *h.opened);
    h.closed = allocate(n_providers, sizeof *h.closed);
    h.group = random_codes(h.n, h.n_groups);
    h.period = random_codes(h.n, h.n_periods);
    h.grade = random_codes(h.n, h.n_grades);
    const int64_t eligible_in_4 = random_below(5);
    for (int64_t i = 0; i < h.n; i++) {
        h.provider[i] = random_below(n_providers);
        h.published[i] = maybe_day(kind, 2);
        h.inspected[i] = h.published[i] == SIF_NO_DAY ? random_day(kind) : maybe_day(kind, 1);
        h.expires[i] = maybe_day(kind, 4);
        h.eligible[i] = random_below(4) < eligible_in_4;
    }
    for (int64_t p = 0; p < n_providers; p++) {
        h.opened[p] = maybe_day(kind, 5);
        h.closed[p] = maybe_day(kind, 5);
    }
    return h;
}

/* Lays the rows in order. */
static inline void lay_in_order(histories *h) {
    int64_t *const order = allocate(h->n, sizeof *order), *const copy = allocate(h->n, sizeof *copy);
    sort_rows(h, order);
    int64_t *const columns[] = {h->provider, h->inspected, h->published, h->group, h->period, h->grade, h->expires};
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        memcpy(copy, columns[c], (size_t)h->n * sizeof *copy);
        for (int64_t j = 0; j < h->n; j++)
            columns[c][j] = copy[order[j]];
    }
    for (int64_t j = 0; j < h->n; j++)
        copy[j] = h->eligible[order[j]];
    for (int64_t j = 0; j < h->n; j++)
        h->eligible[j] = (uint8_t)copy[j];
    free(order);
    free(copy);
}

static const int64_t units_a_day[] = {
    [SIF_DAYS] = 1,
    [SIF_SECONDS] = 86400,
    [SIF_MILLISECONDS] = 86400000,
    [SIF_MICROSECONDS] = 86400000000,
    [SIF_NANOSECONDS] = 86400000000000,
    [SIF_DAYS32] = 1,
};

/* Days in `unit`, moments at any time of day, or where not all have a number there, in the next before it in which they have. */
static inline void *dates_in(const int64_t *days, int64_t n, int unit, sif_date_unit *taken) {
    int64_t *const dates = allocate(n, sizeof *dates);
    int32_t *const narrow = (int32_t *)dates;
    for (int64_t i = 0; i < n; i++) {
        if (unit == SIF_DAYS32 && days[i] != SIF_NO_DAY && (days[i] <= INT32_MIN || days[i] > INT32_MAX))
            unit--;
        while (unit > SIF_DAYS && days[i] != SIF_NO_DAY &&
               (days[i] >= INT64_MAX / units_a_day[unit] || days[i] <= INT64_MIN / units_a_day[unit]))
            unit--;
    }
    for (int64_t i = 0; i < n; i++)
        if (unit == SIF_DAYS32)
            narrow[i] = days[i] == SIF_NO_DAY ? INT32_MIN : (int32_t)days[i];
        else
            dates[i] = days[i] == SIF_NO_DAY ? SIF_NO_DAY : days[i] * units_a_day[unit] + 7919 * i % units_a_day[unit];
    *taken = (sif_date_unit)unit;
    return dates;
}

static inline void code_histories(histories *h) {
    h->groups = coded_as_seen(h->group, h->n, h->n_groups);
    h->periods = coded_as_seen(h->period, h->n, h->n_periods);
    h->grades = coded_as_seen(h->grade, h->n, h->n_grades);
    h->records = (sif_records){.n = h->n,
                               .provider = coded_as_seen(h->provider, h->n, h->n_providers),
                               .eligible = h->eligible,
                               .opened = h->opened,
                               .closed = h->closed};
    /* No number is drawn for the units: what a fuzzer has found stays what it is. */
    h->records.inspected = dates_in(h->inspected, h->n, (int)(h->n % 6), &h->records.inspected_unit);
    h->records.published = dates_in(h->published, h->n, (int)((h->n + h->n_grades) % 6), &h->records.published_unit);
}

/* Records without a fault. */
static inline histories random_histories(int64_t n, int64_t n_providers, int kind) {
    histories h = plain_histories(n, n_providers, kind);
    code_histories(&h);
    return h;
}

/* Records in any order, some of them perhaps faulty; columns that may be left out are, now and then. */
static inline histories any_histories(int kind) {
    const int64_t n = random_rows();
    histories h = plain_histories(n, random_below(16) == 0 ? 300 + random_below(300) : random_below(6), kind);
    const int64_t left_out = random_below(16);
    for (int64_t i = 0; i < h.n && left_out & 1; i++) {
        h.inspected[i] = dated(&h, i);
        h.published[i] = SIF_NO_DAY;
    }
    if (left_out & 2)
        memset(h.eligible, 1, (size_t)h.n);
    for (int64_t p = 0; p < h.n_providers; p++) {
        h.opened[p] = left_out & 4 ? SIF_NO_DAY : h.opened[p];
        h.closed[p] = left_out & 8 ? SIF_NO_DAY : h.closed[p];
    }
    if (random_below(2) == 0)
        lay_in_order(&h);
    spoil_codes(h.provider, h.n, h.n_providers);
    spoil_codes(h.group, h.n, h.n_groups);
    spoil_codes(h.period, h.n, h.n_periods);
    spoil_codes(h.grade, h.n, h.n_grades);
    for (int64_t left = h.n > 0 && random_below(8) == 0 ? 1 + random_below(2) : 0; left > 0; left--) {
        const int64_t i = random_below(h.n);
        h.inspected[i] = SIF_NO_DAY;
        h.published[i] = random_below(2) == 0 || left_out & 1 ? SIF_NO_DAY : (int64_t)INT32_MAX + 1;
    }
    code_histories(&h);
    if (left_out & 1) {
        free((void *)(uintptr_t)h.records.published);
        h.records.published = NULL;
    }
    h.records.eligible = left_out & 2 ? NULL : h.eligible;
    h.records.opened = left_out & 4 ? NULL : h.opened;
    h.records.closed = left_out & 8 ? NULL : h.closed;
    return h;
}

static inline void free_histories(histories *h) {
    free_codes(&h->records.provider);
    free((void *)(uintptr_t)h->records.inspected);
    free((void *)(uintptr_t)h->records.published);
    free_codes(&h->groups);
    free_codes(&h->periods);
    free_codes(&h->grades);
    int64_t *const columns[] = {h->provider, h->inspected, h->published, h->opened,  h->closed,  h->group,
                                h->period,   h->grade,     h->expires};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        free(columns[i]);
    free(h->eligible);
}

/* An order for the records, which need have none of it faults: NULL, theirs, or now and then theirs with an entry or two changed. */
static inline int64_t *any_order(const histories *h) {
    if (random_below(3) == 0)
        return NULL;
    int64_t *const order = allocate(h->n, sizeof *order);
    sort_rows(h, order);
    for (int64_t left = h->n > 0 && random_below(6) == 0 ? 1 + random_below(2) : 0; left > 0; left--) {
        const int64_t odd[] = {-1, h->n, INT64_MIN, INT64_MAX, random_below(h->n)};
        order[random_below(h->n)] = odd[random_below(5)];
    }
    return order;
}

/* What is wrong with the records in an order, or as they lie; `must_rise`: whether they must lie in order then; days of 32 bits or any. */
static inline void find_bad_records(const histories *h, const int64_t *order, int must_rise, int days_of_32_bits, faults *list) {
    int64_t before = -1;
    for (int64_t j = 0; j < h->n; j++) {
        const int64_t i = order != NULL ? order[j] : j;
        if (i < 0 || i >= h->n) {
            add_fault(list, BAD_ROWS, j, SIF_BAD_ROW, j, i);
            before = -1;
            continue;
        }
        const int64_t day = dated(h, i);
        if (h->provider[i] < 0 || h->provider[i] >= h->n_providers)
            add_fault(list, BAD_RECORDS, j, SIF_BAD_PROVIDER, i, h->provider[i]);
        else if (day == SIF_NO_DAY)
            add_fault(list, BAD_RECORDS, j, SIF_NO_DATE, i, 0);
        else if (days_of_32_bits && (day < INT32_MIN || day > INT32_MAX))
            add_fault(list, BAD_RECORDS, j, SIF_BAD_DAY, i, day);
        else if (must_rise && before >= 0 && !comes_before(h, before, i))
            add_fault(list, BAD_RECORDS, j, SIF_UNORDERED, i, 0);
        before = i;
    }
}

/* The places at which a code is out of range, in the rows that `looked_at` tells (NULL: all). */
static inline void find_bad_codes(const histories *h, const int64_t *order, const uint8_t *looked_at, const int64_t *codes, int64_t size,
                                  sif_code code, faults *list) {
    for (int64_t j = 0; j < h->n; j++) {
        const int64_t i = order != NULL ? order[j] : j;
        if (i < 0 || i >= h->n || (looked_at != NULL && !looked_at[i]))
            continue;
        if (codes[i] < -1 || codes[i] >= size) {
            add_fault(list, BAD_CODES, j, code, i, codes[i]);
            return;
        }
    }
}

static inline int is_open(const histories *h, int64_t provider, int64_t date) {
    const int opened = h->opened[provider] == SIF_NO_DAY || h->opened[provider] <= date;
    const int closed = h->closed[provider] != SIF_NO_DAY && h->closed[provider] <= date;
    return opened && !closed;
}

/* rows[p]: the row of provider p's most recent record; -1 where there is none or the provider is not open. */
static inline void naive_latest(const histories *h, int64_t date, int64_t cutoff, int64_t *rows) {
    for (int64_t p = 0; p < h->n_providers; p++)
        rows[p] = -1;
    for (int64_t i = 0; i < h->n; i++) {
        const int64_t p = h->provider[i];
        if (h->eligible[i] && is_open(h, p, date) && h->inspected[i] <= date && h->published[i] <= cutoff &&
            (rows[p] < 0 || is_before(h, rows[p], i)))
            rows[p] = i;
    }
}

#endif
