/* Counting records in force by group and grade for a grid of dates, in one pass over the ordered records.
 *
 * A record is in force on a stretch of the grid, [from, to). It adds one at `from` and takes one away at `to`; the sums along the dates
 * then are the counts. Records are walked from the last to the first, so that the first date on which a later record displaces this one
 * is the least `from` met so far. */
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "ordering.h"
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
    sif_day_table table; /* positions by day, from the first day of the grid to the one after its last; or no entries */
} grid;

static inline int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}
static inline int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t first_from(const grid *g, int64_t day) {
    if (g->table.entry != NULL)
        return g->table.entry[smaller(larger(day, g->table.first), g->table.last) - g->table.first];
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

static sif_status make_grid(const int64_t *days, int64_t n, grid *g) {
    *g = (grid){.days = days, .n = n, .table = {.first = days[0], .last = days[0], .entry = NULL}};
    for (int64_t d = 1; d < n; d++)
        if (days[d] < days[d - 1])
            return sif_fail(SIF_BAD_GRID, d, days[d]);
    const uint64_t span = (uint64_t)days[n - 1] - (uint64_t)days[0];
    if (span >= MAX_SPAN || days[n - 1] == INT64_MAX)
        return sif_ok();
    int32_t *const entry = malloc((span + 2) * sizeof *entry);
    if (entry == NULL)
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    int64_t d = 0;
    for (int64_t day = 0; day <= (int64_t)span; day++) {
        while (days[d] - days[0] < day)
            d++;
        entry[day] = (int32_t)d;
    }
    entry[span + 1] = (int32_t)n;
    g->table = (sif_day_table){.first = days[0], .last = days[n - 1] + 1, .entry = entry};
    return sif_ok();
}

/* What one block of records is, in their order, and after them the record that the walk met before. `from` is the first position at which
 * a record is both held and published. */
typedef struct {
    int64_t row[BLOCK + 1], published[BLOCK + 1], placed[BLOCK + 1];
    int64_t held[BLOCK];
    int32_t provider[BLOCK + 1];
    int32_t group[BLOCK], grade[BLOCK], from[BLOCK];
} block;

/* Where the records stand in order: as they lie, by `order`, or packed. */
typedef struct {
    const sif_records *records;
    const int64_t *order;
    const sif_ordering *ordering;
} source;

/* Loads are kept apart from the walk: those of a block do not wait for one another, and scattered rows come from far. Codes of rows that
 * take no part are -1, whatever stands there. Returns 0, or -1 where a record is at fault. */
static int load_block(const source *from, const sif_codes *groups, const sif_codes *grades, int64_t first, size_t count, block *b) {
    const sif_records *const records = from->records;
    const sif_grid_loops *const loops = sif_grid_loops_now();
    int fault = 0;
    if (from->ordering != NULL) {
        sif_unpack(from->ordering, first, count, b->row, b->provider, b->held, b->published, b->placed);
    } else if (from->order != NULL) {
        memcpy(b->row, from->order + first, count * sizeof *b->row);
        for (size_t k = 0; k < count; k++)
            fault |= b->row[k] < 0 || b->row[k] >= records->n;
        if (fault)
            return -1;
        for (size_t k = 0; k < count; k++)
            b->held[k] = records->held[b->row[k]];
        for (size_t k = 0; k < count; k++)
            b->published[k] = records->published != NULL ? records->published[b->row[k]] : SIF_NO_DAY;
    } else {
        for (size_t k = 0; k < count; k++)
            b->row[k] = first + (int64_t)k;
        memcpy(b->held, records->held + first, count * sizeof *b->held);
        if (records->published != NULL)
            memcpy(b->published, records->published + first, count * sizeof *b->published);
        else
            for (size_t k = 0; k < count; k++)
                b->published[k] = SIF_NO_DAY;
    }
    if (from->ordering == NULL) {
        loops->place(b->held, b->published, count, b->placed);
        sif_load_codes(&records->provider, from->order, first, count, b->provider);
    }
    const int is_scattered = from->order != NULL || from->ordering != NULL;
    sif_load_codes(grades, is_scattered ? b->row : NULL, is_scattered ? 0 : first, count, b->grade);
    if (groups != NULL)
        sif_load_codes(groups, is_scattered ? b->row : NULL, is_scattered ? 0 : first, count, b->group);
    else
        memset(b->group, 0xFF, count * sizeof *b->group);
    for (size_t k = 0; records->eligible != NULL && k < count; k++)
        if (!records->eligible[b->row[k]])
            b->grade[k] = b->group[k] = -1;
    for (size_t k = 0; k < count; k++)
        fault |= b->grade[k] == SIF_NO_CODE || b->group[k] == SIF_NO_CODE;
    return fault || !loops->is_ordered(b->provider, b->placed, b->published, b->row, count) ? -1 : 0;
}

/* Asks for the rows of a block before they are needed: processors foresee neither scattered rows nor blocks that go backwards. */
static void fetch_block(const source *from, const sif_codes *groups, const sif_codes *grades, int64_t first, size_t count) {
    const sif_records *const records = from->records;
    const sif_ordering *const packed = from->ordering;
    const uint64_t row_mask = packed != NULL ? ((uint64_t)1 << packed->row_bits) - 1 : 0;
    const size_t step = from->order != NULL || packed != NULL ? 1 : 8; /* rows that lie side by side share a line */
    for (size_t k = 0; k < count; k += step) {
        const int64_t at = first + (int64_t)k;
        const int64_t row = packed != NULL ? (int64_t)(packed->words[at] & row_mask) : from->order != NULL ? from->order[at] : at;
        if (row < 0 || row >= records->n)
            return;
        SIF_FETCH(sif_row_of(grades, row));
        if (groups != NULL)
            SIF_FETCH(sif_row_of(groups, row));
        if (packed != NULL)
            continue;
        SIF_FETCH(&records->held[row]);
        if (records->published != NULL)
            SIF_FETCH(&records->published[row]);
        SIF_FETCH(sif_row_of(&records->provider, row));
    }
}

static void find_positions(const grid *dates, const grid *cutoffs, size_t count, block *b) {
    if (dates->table.entry != NULL && cutoffs->table.entry != NULL)
        sif_grid_loops_now()->find_positions(&dates->table, &cutoffs->table, b->held, b->published, count, b->from);
    else
        for (size_t k = 0; k < count; k++)
            b->from[k] = (int32_t)larger(first_from(dates, b->held[k]), first_from(cutoffs, b->published[k]));
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

/* The first row, as they lie, whose grade or group is out of range and which takes part. */
static sif_status first_bad_code(const sif_records *records, const sif_codes *groups, const sif_codes *grades) {
    for (int64_t i = 0; i < records->n; i++) {
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

/* The grid that is counted, and where. */
typedef struct {
    grid by_date, by_cutoff;
    int64_t n_groups, n_grades;
    int32_t *changes; /* what each position adds to the one before it, for one position more than the grid has */
    int64_t *counts;
} tally;

/* Walks the records from the last to the first. A fault leaves the status SIF_UNORDERED, whatever it is: first_fault finds out. */
static sif_status walk(const source *from, const sif_codes *groups, const sif_codes *grades, const int64_t *expires, const tally *t,
                       const sif_watch *watch) {
    const sif_records *const records = from->records;
    const uint8_t *const eligible = records->eligible;
    const int64_t *const opened = records->opened, *const closed = records->closed;
    const int64_t n_dates = t->by_date.n, n_groups = t->n_groups, n_grades = t->n_grades, stride = n_grades + 1;
    int32_t *const changes = t->changes;
    block b;
    b.row[0] = b.published[0] = b.placed[0] = INT64_MAX;
    b.provider[0] = INT32_MAX;
    int64_t displaced = n_dates; /* the first position at which a later record of the provider is in force */
    for (int64_t stop = records->n; stop > 0; stop -= smaller(stop, BLOCK)) {
        const int64_t first = stop - smaller(stop, BLOCK);
        const size_t count = (size_t)(stop - first);
        if (stop < records->n && (records->n - stop) % FLUSH_ROWS == 0)
            flush(changes, t->counts, n_dates, n_groups, stride);
        if (first % SIF_WATCH_ROWS < BLOCK && sif_stop(watch))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        b.row[count] = b.row[0];
        b.published[count] = b.published[0];
        b.placed[count] = b.placed[0];
        b.provider[count] = b.provider[0];
        if (load_block(from, groups, grades, first, count, &b) != 0)
            return sif_fail(SIF_UNORDERED, -1, 0);
        find_positions(&t->by_date, &t->by_cutoff, count, &b);
        fetch_block(from, groups, grades, first - smaller(first, BLOCK), (size_t)smaller(first, BLOCK));
        for (size_t k = count; k-- > 0;) {
            displaced = b.provider[k] != b.provider[k + 1] ? n_dates : displaced;
            if (eligible != NULL && !eligible[b.row[k]])
                continue;
            int64_t start = b.from[k], end = displaced;
            displaced = smaller(end, start);
            if (opened != NULL)
                start = larger(start, first_from(&t->by_date, opened[b.provider[k]]));
            if (closed != NULL && closed[b.provider[k]] != SIF_NO_DAY)
                end = smaller(end, first_from(&t->by_date, closed[b.provider[k]]));
            /* An empty stretch adds and takes away at one place: cheaper than a branch that can't be foreseen. */
            start = smaller(start, end);
            const int64_t grade = b.grade[k] < 0 ? n_grades : b.grade[k];
            int32_t *const of_group = changes + (b.group[k] < 0 ? n_groups : b.group[k]) * (n_dates + 1) * stride;
            of_group[start * stride + grade]++;
            int64_t shown = grade;
            if (expires != NULL && expires[b.row[k]] != SIF_NO_DAY && expires[b.row[k]] != INT64_MAX) {
                /* From the first date after the last good day on, the record stays and its grade is missing. */
                const int64_t expiry = larger(start, first_from(&t->by_date, expires[b.row[k]] + 1));
                if (expiry < end) {
                    of_group[expiry * stride + grade]--;
                    of_group[expiry * stride + n_grades]++;
                    shown = n_grades;
                }
            }
            of_group[end * stride + shown]--;
        }
    }
    flush(changes, t->counts, n_dates, n_groups, stride);
    return sif_ok();
}

sif_status sif_count_as_at(const sif_records *records, const int64_t *order, const sif_codes *groups, const sif_codes *grades,
                           const int64_t *expires, int64_t n_dates, const int64_t *dates, const int64_t *cutoffs, int64_t *counts,
                           const sif_watch *watch) {
    const int64_t n_groups = groups != NULL ? groups->size : 0, n_grades = grades->size, cells = (n_groups + 1) * (n_grades + 1);
    const int64_t largest = larger(larger(records->provider.size, n_dates + 1), larger(n_groups, n_grades));
    tally t = {.n_groups = n_groups, .n_grades = n_grades, .counts = counts};
    sif_ordering ordering = {.words = NULL};
    int64_t *rows = NULL;
    int already;
    source from = {.records = records, .order = order, .ordering = NULL};
    sif_status status = largest <= INT32_MAX ? sif_ok() : sif_fail(SIF_TOO_LARGE, -1, largest);
    if (n_dates == 0)
        return status;
    if (status.code == SIF_OK)
        status = make_grid(dates, n_dates, &t.by_date);
    if (status.code == SIF_OK)
        status = make_grid(cutoffs, n_dates, &t.by_cutoff);
    if (status.code != SIF_OK)
        goto done;
    memset(counts, 0, (size_t)(n_dates * cells) * sizeof *counts);
    t.changes = calloc((size_t)((n_dates + 1) * cells), sizeof *t.changes);
    if (t.changes == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }

    status = walk(&from, groups, grades, expires, &t, watch);
    if (status.code == SIF_UNORDERED)
        status = first_fault(records, order, groups, grades);
    if (status.code == SIF_UNORDERED && order == NULL) {
        /* The records do not lie in order: bring them into it, and begin again. */
        status = sif_sort_records(records, &ordering, watch);
        from.ordering = ordering.words != NULL ? &ordering : NULL;
        if (status.code == SIF_OK && from.ordering == NULL) {
            from.order = rows = malloc((size_t)records->n * sizeof *rows);
            status = rows != NULL ? sif_order_records(records, rows, &already, watch) : sif_fail(SIF_NO_MEMORY, -1, 0);
        }
        if (status.code != SIF_OK)
            goto done;
        memset(counts, 0, (size_t)(n_dates * cells) * sizeof *counts);
        memset(t.changes, 0, (size_t)((n_dates + 1) * cells) * sizeof *t.changes);
        status = walk(&from, groups, grades, expires, &t, watch);
        if (status.code == SIF_UNORDERED) /* the order is right now, so a code is at fault: the first, as the rows lie, is named */
            status = first_bad_code(records, groups, grades);
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
    free(rows);
    free(ordering.memory);
    free(t.by_date.table.entry);
    free(t.by_cutoff.table.entry);
    free(t.changes);
    if (status.code != SIF_OK)
        for (int64_t c = 0; c < n_dates * cells; c++)
            counts[c] = SIF_VOID;
    return status;
}
