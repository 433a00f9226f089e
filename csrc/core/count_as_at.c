/* Counting records in force by group and grade for a grid of dates, in one pass over the ordered records.
 *
 * A record is in force on a stretch of the grid, [from, to). It adds one at `from` and takes one away at `to`; the sums along the dates
 * then are the counts. Records are walked from the last to the first, so that the first date on which a later record displaces this one
 * is the least `from` met so far. */
#include <stdlib.h>
#include <string.h>

#include "records.h"

enum {
    BLOCK = 256,
    FLUSH_ROWS = 1 << 29, /* a multiple of BLOCK; a record changes a cell by less than 4 */
    MAX_SPAN = 1 << 16    /* days for which a table of grid positions is made; beyond, they are searched */
};

/* The dates or cut-offs of a grid: for any day, the first position that is not before it. */
typedef struct {
    const int64_t *days; /* not decreasing */
    int64_t n;
    int64_t before, after; /* days[0] and the day after days[n - 1]: from there on, the position is n */
    int32_t *position;     /* by day - before, for before .. after; or NULL */
} grid;

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

static inline int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}
static inline int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static inline int64_t first_from(const grid *g, int64_t day) {
    if (g->position == NULL)
        return search(g, day);
    return g->position[smaller(larger(day, g->before), g->after) - g->before];
}

static sif_status make_grid(const int64_t *days, int64_t n, grid *g) {
    *g = (grid){.days = days, .n = n, .before = days[0], .after = 0, .position = NULL};
    for (int64_t d = 1; d < n; d++)
        if (days[d] < days[d - 1])
            return sif_fail(SIF_BAD_GRID, d, days[d]);
    const uint64_t span = (uint64_t)days[n - 1] - (uint64_t)days[0];
    if (span >= MAX_SPAN || n > INT32_MAX || days[n - 1] == INT64_MAX)
        return sif_ok();
    g->after = days[n - 1] + 1;
    g->position = malloc((span + 2) * sizeof *g->position);
    if (g->position == NULL)
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    int64_t d = 0;
    for (int64_t day = 0; day <= (int64_t)span; day++) {
        while (days[d] - days[0] < day)
            d++;
        g->position[day] = (int32_t)d;
    }
    g->position[span + 1] = (int32_t)n;
    return sif_ok();
}

/* What one block of records is, in their order. `from` is the first position at which a record is both held and published. */
typedef struct {
    int64_t row[BLOCK], held[BLOCK], published[BLOCK], placed[BLOCK];
    int32_t provider[BLOCK], group[BLOCK], grade[BLOCK], from[BLOCK];
} block;

/* Loads are kept apart from the walk: those of a block do not wait for one another, and scattered rows come from far. Returns 0, or -1
 * where an entry of `order` is no row. */
static int load_block(const sif_records *records, const int64_t *order, const sif_codes *groups, const sif_codes *grades, int64_t first,
                      size_t count, block *b) {
    int fault = 0;
    for (size_t k = 0; k < count; k++) {
        b->row[k] = order != NULL ? order[first + (int64_t)k] : first + (int64_t)k;
        fault |= b->row[k] < 0 || b->row[k] >= records->n;
    }
    if (fault)
        return -1;
    for (size_t k = 0; k < count; k++)
        b->held[k] = records->held[b->row[k]];
    if (records->published != NULL)
        for (size_t k = 0; k < count; k++)
            b->published[k] = records->published[b->row[k]];
    else
        for (size_t k = 0; k < count; k++)
            b->published[k] = SIF_NO_DAY;
    for (size_t k = 0; k < count; k++)
        b->placed[k] = b->held[k] != SIF_NO_DAY ? b->held[k] : b->published[k];
    sif_load_codes(&records->provider, order, first, count, b->provider);
    sif_load_codes(grades, order, first, count, b->grade);
    if (groups != NULL)
        sif_load_codes(groups, order, first, count, b->group);
    else
        memset(b->group, 0xFF, count * sizeof *b->group);
    return 0;
}

/* Asks for the rows of a block before they are needed: processors foresee neither scattered rows nor blocks that go backwards. */
static void fetch_block(const sif_records *records, const int64_t *order, const sif_codes *groups, const sif_codes *grades, int64_t first,
                        size_t count) {
    for (size_t k = 0; k < count; k += order != NULL ? 1 : 8) {
        const int64_t row = order != NULL ? order[first + (int64_t)k] : first + (int64_t)k;
        if (row < 0 || row >= records->n)
            return;
        SIF_FETCH(&records->held[row]);
        if (records->published != NULL)
            SIF_FETCH(&records->published[row]);
        SIF_FETCH(sif_row_of(&records->provider, row));
        SIF_FETCH(sif_row_of(grades, row));
        if (groups != NULL)
            SIF_FETCH(sif_row_of(groups, row));
    }
}

/* The grid's positions of a block, and the lines of `changes` on which its records begin: those on which they end are the same ones,
 * since a record ends where a later one of its provider begins. A step is the changes of one group at one position. */
static void find_positions(const grid *by_date, const grid *by_cutoff, const int32_t *changes, int64_t n_groups, int64_t step, size_t count,
                           block *b) {
    for (size_t k = 0; k < count; k++)
        b->from[k] = (int32_t)larger(first_from(by_date, b->held[k]), first_from(by_cutoff, b->published[k]));
    for (size_t k = 0; k < count; k++) {
        const int64_t group = b->group[k] < 0 ? n_groups : b->group[k];
        SIF_FETCH_FOR_WRITING(&changes[(group * (by_date->n + 1) + b->from[k]) * step]);
    }
}

/* What places a record: provider, day, publication, row. No two are equal in all four, so an order that never falls has every row, once. */
typedef struct {
    int64_t provider, placed, published, row;
} place;

static inline int comes_before(const place *a, const place *b) {
    if (a->provider != b->provider)
        return a->provider < b->provider;
    if (a->placed != b->placed)
        return a->placed < b->placed;
    return a->published != b->published ? a->published < b->published : a->row < b->row;
}

/* The first fault in the order of the records; the walk that counts goes backwards, and only knows that there is one. */
static sif_status first_fault(const sif_records *records, const int64_t *order, const sif_codes *groups, const sif_codes *grades) {
    place before = {-1, INT64_MIN, INT64_MIN, -1};
    for (int64_t j = 0; j < records->n; j++) {
        const int64_t i = order != NULL ? order[j] : j;
        if (i < 0 || i >= records->n)
            return sif_fail(SIF_BAD_ROW, j, i);
        const place now = {sif_code_at(&records->provider, i), sif_placed(records, i), sif_published(records, i), i};
        if (now.provider < 0 || now.provider >= records->provider.size)
            return sif_fail(SIF_BAD_PROVIDER, i, now.provider);
        if (now.placed == SIF_NO_DAY)
            return sif_fail(SIF_NO_DATE, i, 0);
        if (!comes_before(&before, &now))
            return sif_fail(SIF_UNORDERED, i, 0);
        before = now;
        if (records->eligible != NULL && !records->eligible[i])
            continue;
        if (!sif_code_fits(sif_code_at(grades, i), grades->size))
            return sif_fail(SIF_BAD_GRADE, i, sif_code_at(grades, i));
        if (groups != NULL && !sif_code_fits(sif_code_at(groups, i), groups->size))
            return sif_fail(SIF_BAD_GROUP, i, sif_code_at(groups, i));
    }
    return sif_ok();
}

/* Moves the changes of 32 bits (groups x positions x grades: those of a provider lie together) to the counts (positions x groups x
 * grades); what happens past the grid is dropped. */
static void flush(int32_t *changes, int64_t *counts, int64_t n_dates, int64_t n_groups, int64_t stride) {
    for (int64_t g = 0; g <= n_groups; g++)
        for (int64_t d = 0; d <= n_dates; d++) {
            int32_t *const from = changes + (g * (n_dates + 1) + d) * stride;
            for (int64_t c = 0; c < stride && d < n_dates; c++)
                counts[(d * (n_groups + 1) + g) * stride + c] += from[c];
            memset(from, 0, (size_t)stride * sizeof *from);
        }
}

sif_status sif_count_as_at(const sif_records *records, const int64_t *order, const sif_codes *groups, const sif_codes *grades,
                           const int64_t *expires, int64_t n_dates, const int64_t *dates, const int64_t *cutoffs, int64_t *counts,
                           const sif_watch *watch) {
    const int64_t n_groups = groups != NULL ? groups->size : 0, n_grades = grades->size;
    const int64_t stride = n_grades + 1, cells = (n_groups + 1) * stride;
    grid by_date = {.position = NULL}, by_cutoff = {.position = NULL};
    int32_t *changes = NULL; /* what each position adds to the one before it, for one position more than the grid has */
    sif_status status = sif_ok();
    if (n_dates == 0)
        return status;
    if (records->provider.size > INT32_MAX || n_groups > INT32_MAX || n_grades > INT32_MAX || n_dates > INT32_MAX - 1)
        status = sif_fail(SIF_TOO_LARGE, -1, larger(records->provider.size, larger(n_groups, n_grades)));
    if (status.code == SIF_OK)
        status = make_grid(dates, n_dates, &by_date);
    if (status.code == SIF_OK)
        status = make_grid(cutoffs, n_dates, &by_cutoff);
    if (status.code != SIF_OK)
        goto done;
    memset(counts, 0, (size_t)(n_dates * cells) * sizeof *counts);
    changes = calloc((size_t)((n_dates + 1) * cells), sizeof *changes);
    if (changes == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }

    block b;
    place after = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    int64_t displaced = n_dates; /* the first position at which a later record of the provider is in force */
    for (int64_t stop = records->n; stop > 0; stop -= smaller(stop, BLOCK)) {
        const int64_t first = stop - smaller(stop, BLOCK);
        const size_t count = (size_t)(stop - first);
        if ((records->n - stop) % FLUSH_ROWS == 0)
            flush(changes, counts, n_dates, n_groups, stride);
        if (first % SIF_WATCH_ROWS < BLOCK && sif_stop(watch)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
        if (load_block(records, order, groups, grades, first, count, &b) != 0) {
            status = first_fault(records, order, groups, grades);
            goto done;
        }
        find_positions(&by_date, &by_cutoff, changes, n_groups, stride, count, &b);
        fetch_block(records, order, groups, grades, first - smaller(first, BLOCK), (size_t)smaller(first, BLOCK));
        for (size_t k = count; k-- > 0;) {
            const place now = {b.provider[k], b.placed[k], b.published[k], b.row[k]};
            const int takes_part = records->eligible == NULL || records->eligible[now.row];
            if (now.provider < 0 || now.placed == SIF_NO_DAY || !comes_before(&now, &after) ||
                (takes_part && (b.grade[k] == SIF_NO_CODE || b.group[k] == SIF_NO_CODE))) {
                status = first_fault(records, order, groups, grades);
                goto done;
            }
            displaced = now.provider != after.provider ? n_dates : displaced;
            after = now;
            if (!takes_part)
                continue;
            int64_t from = b.from[k], to = displaced;
            displaced = smaller(to, from);
            if (records->opened != NULL)
                from = larger(from, first_from(&by_date, records->opened[now.provider]));
            if (records->closed != NULL && records->closed[now.provider] != SIF_NO_DAY)
                to = smaller(to, first_from(&by_date, records->closed[now.provider]));
            /* An empty stretch adds and takes away at one place: cheaper than a branch that can't be foreseen. */
            from = smaller(from, to);
            const int64_t grade = b.grade[k] < 0 ? n_grades : b.grade[k];
            int32_t *const of_group = changes + (b.group[k] < 0 ? n_groups : b.group[k]) * (n_dates + 1) * stride;
            of_group[from * stride + grade]++;
            int64_t shown = grade;
            if (expires != NULL && expires[now.row] != SIF_NO_DAY && expires[now.row] != INT64_MAX) {
                /* From the first date after the last good day on, the record stays and its grade is missing. */
                const int64_t expiry = larger(from, first_from(&by_date, expires[now.row] + 1));
                if (expiry < to) {
                    of_group[expiry * stride + grade]--;
                    of_group[expiry * stride + n_grades]++;
                    shown = n_grades;
                }
            }
            of_group[to * stride + shown]--;
        }
    }
    flush(changes, counts, n_dates, n_groups, stride);
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
    free(changes);
    if (status.code != SIF_OK)
        for (int64_t c = 0; c < n_dates * cells; c++)
            counts[c] = SIF_VOID;
    return status;
}
