/* Counting records in force by group and grade for a grid of dates, in one pass over the ordered records.
 *
 * A record is in force on a stretch of the grid, [from, to). It adds one at `from` and takes one away at `to`; the sums along the dates
 * then are the counts. Records are walked from the last to the first, so that the first date on which a later record displaces this one
 * is the least `from` met so far. */
#include <stdlib.h>
#include <string.h>

#include "records.h"

enum { MAX_SPAN = 1 << 16 /* days for which a table of grid positions is made; beyond, they are searched */ };

typedef struct {
    const int64_t *days; /* not decreasing */
    int64_t n;
    int32_t *position; /* by day - days[0], or NULL */
} grid;

/* The first position whose day is not before `day`; n if there is none. */
static int64_t search(const grid *g, int64_t day) {
    int64_t low = 0, high = g->n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (g->days[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline int64_t first_from(const grid *g, int64_t day) {
    if (day <= g->days[0])
        return 0;
    if (day > g->days[g->n - 1])
        return g->n;
    return g->position != NULL ? g->position[day - g->days[0]] : search(g, day);
}

static sif_status make_grid(const int64_t *days, int64_t n, grid *g) {
    *g = (grid){days, n, NULL};
    for (int64_t d = 1; d < n; d++)
        if (days[d] < days[d - 1])
            return sif_fail(SIF_BAD_GRID, d, days[d]);
    const uint64_t span = (uint64_t)days[n - 1] - (uint64_t)days[0];
    if (span >= MAX_SPAN || n > INT32_MAX)
        return sif_ok();
    g->position = malloc(((size_t)span + 1) * sizeof *g->position);
    if (g->position == NULL)
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    for (int64_t day = 0, d = 0; day <= (int64_t)span; day++) {
        while (days[d] - days[0] < day)
            d++;
        g->position[day] = (int32_t)d;
    }
    return sif_ok();
}

static inline int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}
static inline int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

sif_status sif_count_as_at(const sif_records *records, const int64_t *order, const sif_codes *groups, const sif_codes *grades,
                           const int64_t *expires, int64_t n_dates, const int64_t *dates, const int64_t *cutoffs, int64_t *counts,
                           const sif_watch *watch) {
    const int64_t n = records->n, n_grades = grades->size, n_groups = groups != NULL ? groups->size : 0;
    const int64_t stride = n_grades + 1, cells = (n_groups + 1) * stride;
    grid by_date = {NULL, 0, NULL}, by_cutoff = {NULL, 0, NULL};
    sif_status status = sif_ok();
    if (n_dates == 0)
        return status;
    status = make_grid(dates, n_dates, &by_date);
    if (status.code == SIF_OK)
        status = make_grid(cutoffs, n_dates, &by_cutoff);
    if (status.code != SIF_OK)
        goto done;
    memset(counts, 0, (size_t)(n_dates * cells) * sizeof *counts);

    /* The record after this one, in order: its provider, days and row. No two are equal in all four, so that an order which passes the
     * check has every row, once. */
    int64_t provider_after = records->provider.size - 1, placed_after = INT64_MAX, published_after = INT64_MAX, row_after = n;
    int64_t displaced = n_dates; /* the first grid position at which a later record of the provider is in force */
    for (int64_t j = n - 1; j >= 0; j--) {
        if (j % SIF_WATCH_ROWS == 0 && sif_stop(watch)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
        /* After a failure the walk goes on, for an earlier one may be met. */
        const int64_t i = order != NULL ? order[j] : j;
        if (i < 0 || i >= n) {
            status = sif_fail(SIF_BAD_ROW, j, i);
            continue;
        }
        const int64_t provider = sif_code_at(&records->provider, i);
        const int64_t held = records->held[i], published = sif_published(records, i);
        const int64_t placed = held != SIF_NO_DAY ? held : published;
        if (provider < 0 || provider >= records->provider.size) {
            status = sif_fail(SIF_BAD_PROVIDER, i, provider);
            continue;
        }
        if (placed == SIF_NO_DAY) {
            status = sif_fail(SIF_NO_DATE, i, 0);
            continue;
        }
        if (provider != provider_after) {
            displaced = n_dates;
        }
        if (provider > provider_after ||
            (provider == provider_after &&
             (placed > placed_after ||
              (placed == placed_after && (published > published_after || (published == published_after && i >= row_after))))))
            status = sif_fail(SIF_UNORDERED, row_after, 0);
        provider_after = provider;
        placed_after = placed;
        published_after = published;
        row_after = i;
        if (records->eligible != NULL && !records->eligible[i])
            continue;
        const int64_t grade = sif_code_at(grades, i), group = groups != NULL ? sif_code_at(groups, i) : -1;
        if (!sif_code_fits(grade, n_grades)) {
            status = sif_fail(SIF_BAD_GRADE, i, grade);
            continue;
        }
        if (!sif_code_fits(group, n_groups)) {
            status = sif_fail(SIF_BAD_GROUP, i, group);
            continue;
        }
        int64_t from = larger(first_from(&by_date, held), first_from(&by_cutoff, published));
        int64_t to = displaced;
        displaced = smaller(displaced, from);
        if (records->opened != NULL)
            from = larger(from, first_from(&by_date, records->opened[provider]));
        if (records->closed != NULL && records->closed[provider] != SIF_NO_DAY)
            to = smaller(to, first_from(&by_date, records->closed[provider]));
        if (from >= to)
            continue;
        int64_t *const of_group = counts + (group < 0 ? n_groups : group) * stride;
        const int64_t shown = grade < 0 ? n_grades : grade;
        of_group[from * cells + shown]++;
        if (expires != NULL && grade >= 0 && expires[i] != SIF_NO_DAY) {
            /* From the first date after the last good day on, the record stays and its grade is missing. */
            const int64_t expiry = expires[i] == INT64_MAX ? n_dates : larger(from, first_from(&by_date, expires[i] + 1));
            if (expiry < to) {
                of_group[expiry * cells + shown]--;
                of_group[expiry * cells + n_grades]++;
                if (to < n_dates)
                    of_group[to * cells + n_grades]--;
                continue;
            }
        }
        if (to < n_dates)
            of_group[to * cells + shown]--;
    }
    if (status.code != SIF_OK)
        goto done;
    for (int64_t d = 1; d < n_dates; d++) {
        if (sif_stop(watch)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
        const int64_t *const before = counts + (d - 1) * cells;
        int64_t *const now = counts + d * cells;
        for (int64_t c = 0; c < cells; c++)
            now[c] += before[c];
    }
done:
    free(by_date.position);
    free(by_cutoff.position);
    if (status.code != SIF_OK)
        for (int64_t c = 0; c < n_dates * cells; c++)
            counts[c] = SIF_VOID;
    return status;
}
