/* Random records for the tests of the kernels that follow a provider through time, and what their naive definitions share. */
#ifndef HISTORIES_H
#define HISTORIES_H

#include "check.h"

/* Plain columns; sif_records and sif_codes point into them. */
typedef struct {
    int64_t n, n_providers, n_groups, n_grades;
    int64_t *provider, *held, *published, *opened, *closed, *group, *grade, *expires;
    uint8_t *eligible;
    sif_records records;
    sif_codes groups, grades;
} histories;

/* Few days with many ties, more days than a table has, or extremes. */
static inline int64_t random_day(int kind) {
    static const int64_t extremes[] = {INT64_MIN + 1, INT64_MIN + 2, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    switch (kind) {
    case 0:
        return random_below(5) - 2;
    case 1:
        return random_below(400) - 100;
    case 2:
        return random_below(200000) - 100000;
    default:
        return extremes[random_below(7)];
    }
}

static inline int64_t maybe_day(int kind, int64_t missing_in_8) {
    return random_below(8) < missing_in_8 ? SIF_NO_DAY : random_day(kind);
}

static inline histories random_histories(int64_t n, int64_t n_providers, int kind) {
    histories h = {.n = n_providers == 0 ? 0 : n, .n_providers = n_providers, .n_groups = random_below(4), .n_grades = random_below(5)};
    h.provider = allocate(n, sizeof *h.provider);
    h.held = allocate(n, sizeof *h.held);
    h.published = allocate(n, sizeof *h.published);
    h.expires = allocate(n, sizeof *h.expires);
    h.eligible = allocate(n, 1);
    h.opened = allocate(n_providers, sizeof *h.opened);
    h.closed = allocate(n_providers, sizeof *h.closed);
    h.group = random_codes(n, h.n_groups);
    h.grade = random_codes(n, h.n_grades);
    const int64_t eligible_in_4 = random_below(5);
    for (int64_t i = 0; i < h.n; i++) {
        h.provider[i] = random_below(n_providers);
        h.published[i] = maybe_day(kind, 2);
        h.held[i] = h.published[i] == SIF_NO_DAY ? random_day(kind) : maybe_day(kind, 1);
        h.expires[i] = maybe_day(kind, 4);
        h.eligible[i] = random_below(4) < eligible_in_4;
    }
    for (int64_t p = 0; p < n_providers; p++) {
        h.opened[p] = maybe_day(kind, 5);
        h.closed[p] = maybe_day(kind, 5);
    }
    h.groups = coded_somehow(h.group, h.n, h.n_groups);
    h.grades = coded_somehow(h.grade, h.n, h.n_grades);
    h.records = (sif_records){.n = h.n,
                              .provider = n_providers > 100 ? coded(h.provider, h.n, n_providers, SIF_UINT32)
                                                            : coded_somehow(h.provider, h.n, n_providers),
                              .held = h.held,
                              .published = h.published,
                              .eligible = h.eligible,
                              .opened = h.opened,
                              .closed = h.closed};
    return h;
}

static inline void free_histories(histories *h) {
    free_codes(&h->records.provider);
    free_codes(&h->groups);
    free_codes(&h->grades);
    int64_t *const columns[] = {h->provider, h->held, h->published, h->opened, h->closed, h->group, h->grade, h->expires};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        free(columns[i]);
    free(h->eligible);
}

/* Whether record a comes before record b of the same provider. */
static inline int is_before(const histories *h, int64_t a, int64_t b) {
    const int64_t day_a = h->held[a] == SIF_NO_DAY ? h->published[a] : h->held[a];
    const int64_t day_b = h->held[b] == SIF_NO_DAY ? h->published[b] : h->held[b];
    if (day_a != day_b)
        return day_a < day_b;
    if (h->published[a] != h->published[b])
        return h->published[a] < h->published[b];
    return a < b;
}

/* The row of a provider's most recent record, looked for among all; -1 where there is none or the provider is not open. */
static inline int64_t naive_latest(const histories *h, int64_t provider, int64_t date, int64_t cutoff) {
    int64_t best = -1;
    for (int64_t i = 0; i < h->n; i++)
        if (h->provider[i] == provider && h->eligible[i] && h->held[i] <= date && h->published[i] <= cutoff &&
            (best < 0 || is_before(h, best, i)))
            best = i;
    const int opened = h->opened[provider] == SIF_NO_DAY || h->opened[provider] <= date;
    const int closed = h->closed[provider] != SIF_NO_DAY && h->closed[provider] <= date;
    return opened && !closed ? best : -1;
}

#endif
