/* Random rows of groups for the tests of the kernels of trends, and what their naive definitions share. */
#ifndef TRENDS_H
#define TRENDS_H

#include <math.h>

#include "check.h"

typedef struct {
    int64_t n, n_groups, n_grades;
    int64_t *group, *day, *grade, *order; /* order NULL: the rows lie in order */
    double *value;
    sif_dated rows;
    sif_codes grades;
} series;

static inline double random_value(int kind) {
    static const double odd[] = {0.0, -0.0, 5e-324, -5e-324, 1.0, 0.1, -0.3, 1e300, -1e300, 1.7e308, -1.7e308};
    switch (kind) {
    case 0:
        return (double)(random_below(5) - 2);
    case 1:
        return (double)(random_below(2000) - 1000) / 7;
    case 2:
        return odd[random_below(11)];
    default:
        return (double)(random_below((int64_t)1 << 40) - ((int64_t)1 << 39)) / 3;
    }
}

static inline int64_t random_trend_day(int kind) {
    switch (kind) {
    case 0:
        return random_below(6) - 3;
    case 1:
        return random_below(2000) - 1000;
    case 2:
        return random_below((int64_t)1 << 50) - ((int64_t)1 << 49); /* differences are exact in doubles */
    default:
        return 5;
    }
}

static const series *series_being_sorted; /* qsort gives its comparison no context */

static inline int compare_rows(const void *a, const void *b) {
    const int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
    const series *const s = series_being_sorted;
    if (s->group[i] != s->group[j])
        return s->group[i] < s->group[j] ? -1 : 1;
    if (s->day[i] != s->day[j])
        return s->day[i] < s->day[j] ? -1 : 1;
    return (i > j) - (i < j);
}

static inline int64_t position(const series *s, int64_t j) {
    return s->order != NULL ? s->order[j] : j;
}

/* Rows in order, or with one that brings them into it; some of them faulty, now and then. */
static inline series any_series(int64_t n, int faulty) {
    series s = {.n_groups = random_below(5), .n_grades = random_below(8) == 0 ? random_below(30) : random_below(6)};
    s.n = s.n_groups == 0 ? 0 : n;
    s.group = allocate(s.n, sizeof *s.group);
    s.day = allocate(s.n, sizeof *s.day);
    s.value = allocate(s.n, sizeof *s.value);
    s.order = allocate(s.n, sizeof *s.order);
    s.grade = random_codes(s.n, s.n_grades);
    const int days = (int)random_below(4), values = (int)random_below(4);
    for (int64_t i = 0; i < s.n; i++) {
        s.group[i] = random_below(s.n_groups);
        s.day[i] = random_trend_day(days);
        s.value[i] = random_value(values);
        s.order[i] = i;
    }
    series_being_sorted = &s;
    qsort(s.order, (size_t)s.n, sizeof *s.order, compare_rows);
    const int lie_in_order = random_below(2) == 0;
    if (lie_in_order) {
        int64_t *const groups = allocate(s.n, sizeof *groups), *const all_days = allocate(s.n, sizeof *all_days);
        for (int64_t j = 0; j < s.n; j++) {
            groups[j] = s.group[s.order[j]];
            all_days[j] = s.day[s.order[j]];
        }
        free(s.group);
        free(s.day);
        s.group = groups;
        s.day = all_days;
    }
    if (faulty) {
        static const double bad[] = {NAN, HUGE_VAL, -HUGE_VAL};
        spoil_codes(s.group, s.n, s.n_groups);
        spoil_codes(s.grade, s.n, s.n_grades);
        if (s.n > 0 && random_below(12) == 0)
            s.value[random_below(s.n)] = bad[random_below(3)];
        if (s.n > 0 && random_below(12) == 0)
            s.day[random_below(s.n)] = random_below(2) == 0 ? SIF_NO_DAY : random_trend_day(days);
        if (s.n > 0 && random_below(12) == 0)
            s.order[random_below(s.n)] = bad_code(s.n);
    }
    if (lie_in_order) {
        free(s.order);
        s.order = NULL;
    }
    s.rows = (sif_dated){.n = s.n, .group = coded_as_seen(s.group, s.n, s.n_groups), .day = s.day, .order = s.order};
    s.grades = coded_as_seen(s.grade, s.n, s.n_grades);
    return s;
}

static inline void free_series(series *s) {
    free_codes(&s->rows.group);
    free_codes(&s->grades);
    free(s->group);
    free(s->day);
    free(s->grade);
    free(s->order);
    free(s->value);
}

/* What is wrong with groups, days and order; `as_records`: where they are read as records are, days have 32 bits, and rows of one day must
 * lie in the order of their numbers. */
static inline void find_bad_rows(const series *s, int as_records, faults *list) {
    int64_t before = -1;
    for (int64_t j = 0; j < s->n; j++) {
        const int64_t i = position(s, j);
        if (i < 0 || i >= s->n) {
            add_fault(list, BAD_ROWS, j, SIF_BAD_ROW, j, i);
            before = -1;
            continue;
        }
        const int falls =
            before >= 0 && (s->group[i] < s->group[before] || (s->group[i] == s->group[before] && s->day[i] < s->day[before]));
        const int repeats = before >= i && s->group[i] == s->group[before] && s->day[i] == s->day[before];
        if (s->group[i] < 0 || s->group[i] >= s->n_groups)
            add_fault(list, BAD_RECORDS, j, SIF_BAD_GROUP, i, s->group[i]);
        else if (s->day[i] == SIF_NO_DAY)
            add_fault(list, BAD_RECORDS, j, SIF_NO_DATE, i, 0);
        else if (as_records && (s->day[i] < INT32_MIN || s->day[i] > INT32_MAX))
            add_fault(list, BAD_RECORDS, j, SIF_BAD_DAY, i, s->day[i]);
        else if (falls || (as_records && repeats))
            add_fault(list, BAD_RECORDS, j, SIF_UNORDERED, i, 0);
        before = i;
    }
}

static inline void find_bad_values(const series *s, faults *list) {
    for (int64_t j = 0; j < s->n; j++) {
        const int64_t i = position(s, j);
        if (i >= 0 && i < s->n && !isfinite(s->value[i]))
            add_fault(list, BAD_NUMBERS, j, SIF_BAD_VALUE, i, 0);
    }
}

#endif
