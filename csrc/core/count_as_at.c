/* Counting records in force by group and grade for a grid of dates, in one pass over the ordered records.
 *
 * A record is in force on a stretch of the grid, [from, to). It adds one at `from` and takes one away at `to`. The counts are the sums
 * of these changes along the dates. A later record displaces an earlier one from the first date on which it counts. So records are
 * walked from the last to the first: the least `from` of those met so far is where the next one ends. */
#include <stdlib.h>
#include <string.h>

#include "code_loops.h"
#include "grid_loops.h"
#include "histories.h"
#include "ordering.h"
#include "records.h"

enum {
    GRID_BLOCK = SIF_CARRIED_BLOCK,
#ifndef SIF_FLUSH_ROWS /* tests make it less */
#define SIF_FLUSH_ROWS (1 << 29)
#endif
    FLUSH_ROWS = SIF_FLUSH_ROWS, /* a multiple of BLOCK; a record changes a cell by less than 4 */
    MAX_SPAN = 1 << 16           /* for so many days a table of grid positions is made; for more, positions are searched */
};

/* The dates or cut-offs of a grid: for any day, the first position that is not before it. */
typedef struct {
    int64_t *days; /* not decreasing; a copy, so that they stay so */
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

/* Makes the table of positions, where the grid spans few enough days. */
static sif_status tabulate(grid *g) {
    const int64_t *const days = g->days, n = g->n;
    const uint64_t span = (uint64_t)days[n - 1] - (uint64_t)days[0];
    if (span >= MAX_SPAN || days[n - 1] == INT64_MAX)
        return sif_ok();
    int32_t *const entry = malloc((size_t)(span + 2) * sizeof *entry);
    if (entry == NULL)
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    int64_t d = 0;
    for (int64_t day = 0; day <= (int64_t)span; day++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): no day passes the last, which ends this at n - 1 */
        while (days[d] - days[0] < day)
            d++;
        entry[day] = (int32_t)d;
    }
    entry[span + 1] = (int32_t)n;
    g->table = (sif_day_table){.first = days[0], .last = days[n - 1] + 1, .entry = entry};
    return sif_ok();
}

static sif_status make_grid(const int64_t *days, int64_t n, grid *g) {
    int64_t *const own = sif_room_for((uint64_t)n, sizeof *own);
    *g = (grid){.days = own, .n = n};
    if (own == NULL)
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    for (int64_t d = 0; d < n; d++) {
        own[d] = sif_once(days, d);
        if (d > 0 && own[d] < own[d - 1])
            return sif_fail(SIF_BAD_GRID, d, own[d]);
    }
    return tabulate(g);
}

/* A block of records in their order, and after them the record that the walk met before. `from` is the first position at which a record
 * is both inspected and published; find_stretches makes of it the first at which the record counts. At `to` it is no longer in force,
 * and at `expiry` its grade no longer counts; expiry >= n_dates: it always does. */
typedef struct {
    int64_t row[GRID_BLOCK + 1], published[GRID_BLOCK + 1], dated[GRID_BLOCK + 1];
    int64_t inspected[GRID_BLOCK];
    int32_t provider[GRID_BLOCK + 1];
    int32_t group[GRID_BLOCK], grade[GRID_BLOCK], from[GRID_BLOCK], to[GRID_BLOCK], expiry[GRID_BLOCK];
} grid_block;

/* Where the records stand in their order: as they lie, by `order`, or packed into words. `piece` says which places to walk. */
typedef struct {
    const sif_records *records;
    const int64_t *order;
    const sif_ordering *ordering;
    sif_piece piece; /* begins and ends between providers */
} record_source;

/* What is counted of the records, and when. */
typedef struct {
    const sif_records *records;
    const sif_codes *groups, *grades;
    const int64_t *expires;
    grid by_date, by_cutoff;
    int grade_bits, group_bits, position_bits, expiry_bits; /* in a word, from the lowest on */
} grid_question;

/* Codes of rows that take no part are -1, whatever stands there. */
static void load_grid_codes(const grid_question *q, const int64_t *rows, int64_t first, size_t count, int32_t *group, int32_t *grade) {
    const uint8_t *const eligible = q->records->eligible;
    const int64_t at = rows != NULL ? 0 : first;
    sif_load_codes(q->grades, rows, at, count, grade);
    if (q->groups != NULL)
        sif_load_codes(q->groups, rows, at, count, group);
    else
        memset(group, 0xFF, count * sizeof *group);
    for (size_t k = 0; eligible != NULL && k < count; k++)
        if (!eligible[rows != NULL ? rows[k] : first + (int64_t)k])
            grade[k] = group[k] = -1;
}

static void find_positions(const grid_question *q, const int64_t *inspected, const int64_t *published, size_t count, int32_t *from) {
    if (q->by_date.table.entry != NULL && q->by_cutoff.table.entry != NULL)
        sif_grid_loops_now()->find_positions(&q->by_date.table, &q->by_cutoff.table, inspected, published, count, from);
    else
        for (size_t k = 0; k < count; k++)
            from[k] = (int32_t)larger(first_from(&q->by_date, inspected[k]), first_from(&q->by_cutoff, published[k]));
}

/* From the first date after the last good day on, a record stays and its grade is missing. */
static void find_expiries(const grid_question *q, const int64_t *rows, int64_t first, size_t count, int32_t *expiry) {
    for (size_t k = 0; k < count; k++) {
        const int64_t last = sif_once(q->expires, rows != NULL ? rows[k] : first + (int64_t)k);
        expiry[k] = (int32_t)(last == SIF_NO_DAY || last == INT64_MAX ? q->by_date.n : first_from(&q->by_date, last + 1));
    }
}

/* What a record carries into the order: its codes and positions. */
static int carry_codes_and_positions(const void *context, const int64_t *rows, int64_t first, size_t count, uint64_t *carried) {
    const grid_question *const q = context;
    int32_t group[GRID_BLOCK], grade[GRID_BLOCK], from[GRID_BLOCK];
    int64_t inspected[GRID_BLOCK], published[GRID_BLOCK];
    load_grid_codes(q, rows, first, count, group, grade);
    sif_load_inspected(q->records, rows, first, count, inspected);
    sif_load_published(q->records, rows, first, count, published);
    find_positions(q, inspected, published, count, from);
    const int to_group = q->grade_bits, to_position = to_group + q->group_bits, to_expiry = to_position + q->position_bits;
    const sif_grid_loops *const loops = sif_grid_loops_now();
    memset(carried, 0, count * sizeof *carried);
    int fault = loops->put_bits(grade, count, 1, 0, carried); /* codes from 1, and 0 for a missing one */
    fault |= loops->put_bits(group, count, 1, to_group, carried);
    (void)loops->put_bits(from, count, 0, to_position, carried);
    if (q->expires != NULL) {
        find_expiries(q, rows, first, count, from);
        (void)loops->put_bits(from, count, 0, to_expiry, carried);
    }
    return fault;
}

/* Each number is limited to its range: where an array has changed after the survey, anything may stand in a word. */
static void unpack_grid_block(const grid_question *q, const sif_ordering *ordering, int64_t first, size_t count, grid_block *b) {
    const sif_grid_loops *const loops = sif_grid_loops_now();
    const uint64_t *const words = ordering->words + first;
    const uint32_t n_grades = (uint32_t)q->grades->size, n_groups = q->groups != NULL ? (uint32_t)q->groups->size : 0;
    const uint32_t n_dates = (uint32_t)q->by_date.n,
                   n_providers = (uint32_t)q->records->provider.size; /* more than 0, as there are records */
    const uint32_t positions = (uint32_t)sif_lowest_bits(q->position_bits);
    /* There is nothing above the provider. But a provider of no bits, where the other keys fill the word, has the shift of their last
     * bit. */
    const uint32_t expiries = (uint32_t)sif_lowest_bits(q->expiry_bits);
    const uint32_t providers = (uint32_t)sif_lowest_bits(ordering->layout.range[SIF_PROVIDER].bits);
    const int to_group = q->grade_bits, to_position = to_group + q->group_bits, to_expiry = to_position + q->position_bits;
    loops->take_bits(words, count, 0, (uint32_t)sif_lowest_bits(q->grade_bits), n_grades, 1, b->grade);
    loops->take_bits(words, count, to_group, (uint32_t)sif_lowest_bits(q->group_bits), n_groups, 1, b->group);
    loops->take_bits(words, count, to_position, positions, n_dates, 0, b->from);
    loops->take_bits(words, count, ordering->layout.shift[SIF_PROVIDER], providers, n_providers - 1, 0, b->provider);
    if (q->expires != NULL)
        loops->take_bits(words, count, to_expiry, expiries, n_dates, 0, b->expiry);
}

/* Loads a block before it is walked: so the loads do not wait for one another, and scattered rows come from far. Returns 0, or -1 where
 * a record is at fault. */
static int load_grid_block(const grid_question *q, const record_source *from, int64_t first, size_t count, grid_block *b) {
    const sif_records *const records = from->records;
    const sif_grid_loops *const loops = sif_grid_loops_now();
    if (from->ordering != NULL) {
        unpack_grid_block(q, from->ordering, first, count, b);
        return 0;
    }
    if (from->order != NULL) {
        int fault = 0;
        for (size_t k = 0; k < count; k++) {
            b->row[k] = sif_once(from->order, first + (int64_t)k);
            fault |= b->row[k] < 0 || b->row[k] >= records->n;
        }
        if (fault)
            return -1;
    } else
        for (size_t k = 0; k < count; k++)
            b->row[k] = first + (int64_t)k;
    const int64_t *const rows = from->order != NULL ? b->row : NULL;
    sif_load_inspected(records, rows, first, count, b->inspected);
    sif_load_published(records, rows, first, count, b->published);
    loops->find_dates(b->inspected, b->published, count, b->dated);
    sif_load_codes(&records->provider, rows, first, count, b->provider);
    load_grid_codes(q, rows, first, count, b->group, b->grade);
    const uint32_t n_grades = (uint32_t)q->grades->size, n_groups = q->groups != NULL ? (uint32_t)q->groups->size : 0;
    const sif_code_loops *const of_codes = sif_code_loops_now();
    if (of_codes->are_outside(b->grade, count, n_grades) || of_codes->are_outside(b->group, count, n_groups) ||
        of_codes->are_outside(b->provider, count, (uint32_t)records->provider.size) ||
        !loops->is_ordered(b->provider, b->dated, b->published, b->row, count))
        return -1;
    find_positions(q, b->inspected, b->published, count, b->from);
    if (q->expires != NULL)
        find_expiries(q, rows, first, count, b->expiry);
    return 0;
}

/* Asks for the rows of a block before they are needed. Processors foresee neither scattered rows nor blocks that are read backwards. */
static void fetch_grid_block(const grid_question *q, const record_source *from, int64_t first, size_t count) {
    const sif_records *const records = from->records;
    const size_t step = from->order != NULL ? 1 : 8; /* rows that lie side by side share a line */
    for (size_t k = 0; k < count; k += step) {
        const int64_t at = first + (int64_t)k;
        if (from->ordering != NULL) {
            SIF_FETCH(&from->ordering->words[at]);
            continue;
        }
        const int64_t row = from->order != NULL ? sif_once(from->order, at) : at;
        if (row < 0 || row >= records->n)
            return;
        SIF_FETCH(sif_row_of(q->grades, row));
        if (q->groups != NULL)
            SIF_FETCH(sif_row_of(q->groups, row));
        SIF_FETCH(sif_date_of(records->inspected, records->inspected_unit, row));
        if (records->published != NULL)
            SIF_FETCH(sif_date_of(records->published, records->published_unit, row));
        SIF_FETCH(sif_row_of(&records->provider, row));
    }
}

/* What a record is ordered by: provider, day, publication, row. No two records are equal in all four. So if an order never falls, it
 * has every row once. */
typedef struct {
    int64_t provider, dated, published, row;
} sort_key;

static inline int comes_before(const sort_key *a, const sort_key *b) {
    if (a->provider != b->provider)
        return a->provider < b->provider;
    if (a->dated != b->dated)
        return a->dated < b->dated;
    return a->published != b->published ? a->published < b->published : a->row < b->row;
}

/* The first fault in the order of the records. The walk that counts goes backwards and only knows that there is one. */
static sif_status first_fault_in_order(const record_source *from, const sif_codes *groups, const sif_codes *grades) {
    const sif_column columns[] = {{grades, SIF_BAD_GRADE}, {groups, SIF_BAD_GROUP}};
    const sif_records *const records = from->records;
    const int64_t *const order = from->order;
    sort_key before = {sif_provider_before(records, order, from->piece.first), INT64_MAX, INT64_MAX, INT64_MAX};
    for (int64_t j = from->piece.first; j < from->piece.stop; j++) { /* one way: there is a fault, or nobody would ask */
        const int64_t i = order != NULL ? sif_once(order, j) : j;
        if (i < 0 || i >= records->n)
            return sif_fail(SIF_BAD_ROW, j, i);
        const sort_key now = {sif_code_at(&records->provider, i), sif_day_of(records, i), sif_published(records, i), i};
        if (now.provider < 0 || now.provider >= records->provider.size)
            return sif_fail(SIF_BAD_PROVIDER, i, now.provider);
        if (now.dated == SIF_NO_DAY)
            return sif_fail(SIF_NO_DATE, i, 0);
        if (!comes_before(&before, &now))
            return sif_fail(SIF_UNORDERED, i, 0);
        before = now;
        if (records->eligible != NULL && !records->eligible[i])
            continue;
        const sif_status status = sif_fault_of_codes(columns, 2, i);
        if (status.code != SIF_OK)
            return status;
    }
    return sif_changed(); /* not reached: there is a fault, unless an array changes meanwhile */
}

/* Of the rows that take part, the first whose grade or group is out of range. */
static sif_status first_bad_code(const sif_records *records, const sif_codes *groups, const sif_codes *grades) {
    const sif_column columns[] = {{grades, SIF_BAD_GRADE}, {groups, SIF_BAD_GROUP}};
    for (int64_t i = 0; i < records->n; i++) { /* one way: there is one, or nobody would ask */
        if (records->eligible != NULL && !records->eligible[i])
            continue;
        const sif_status status = sif_fault_of_codes(columns, 2, i);
        if (status.code != SIF_OK)
            return status;
    }
    return sif_changed(); /* not reached: there is one, unless an array changes meanwhile */
}

/* Where the walk writes what each position of the grid adds to the one before it. */
typedef struct {
    int64_t n_dates, n_groups, n_grades;
    /* A table: groups x positions x grades, so that the cells of a provider lie near one another. It has one position more than the
     * grid: what happens past the grid is dropped when the table is added to the counts (dates x groups x grades). */
    int32_t *table;
    int64_t *counts;
    /* Or a list of words, one for each change: the cell (as in the table, without the position more), and in the lowest bit 1 where one
     * is taken away. */
    uint64_t *list;
    int64_t n_listed;
} grid_changes;

/* Moves the changes of 32 bits to the counts. */
static void flush(const grid_changes *t) {
    const int64_t stride = t->n_grades + 1;
    for (int64_t g = 0; g <= t->n_groups; g++)
        for (int64_t d = 0; d <= t->n_dates; d++) {
            int32_t *const from = t->table + (g * (t->n_dates + 1) + d) * stride;
            for (int64_t c = 0; c < stride && d < t->n_dates; c++)
                t->counts[(d * (t->n_groups + 1) + g) * stride + c] += from[c];
            memset(from, 0, (size_t)stride * sizeof *from);
        }
}

/* Finds each record's stretch of the grid, [from, to): until a later record of its provider is in force, and while the provider is
 * open. An empty stretch begins where it ends. A record that takes no part is never in force. `displaced` is the first position at
 * which a record after the block displaces those of its provider before it; it becomes that of the block's first record. */
static void find_stretches(const grid_question *q, const uint8_t *eligible, grid_block *b, size_t count, int32_t *displaced) {
    const int64_t *const opened = q->records->opened, *const closed = q->records->closed;
    const int32_t never = (int32_t)q->by_date.n;
    int32_t next = *displaced;
    for (size_t k = 0; eligible != NULL && k < count; k++)
        b->from[k] = eligible[b->row[k]] ? b->from[k] : never;
    for (size_t k = count; k-- > 0;) {
        next = b->provider[k] != b->provider[k + 1] ? never : next;
        b->to[k] = next;
        next = b->from[k] < next ? b->from[k] : next;
    }
    *displaced = next;
    for (size_t k = 0; opened != NULL && k < count; k++)
        b->from[k] = (int32_t)larger(b->from[k], first_from(&q->by_date, sif_once(opened, b->provider[k])));
    for (size_t k = 0; closed != NULL && k < count; k++) {
        const int64_t day = sif_once(closed, b->provider[k]);
        if (day != SIF_NO_DAY)
            b->to[k] = (int32_t)smaller(b->to[k], first_from(&q->by_date, day));
    }
    for (size_t k = 0; k < count; k++)
        b->from[k] = b->from[k] < b->to[k] ? b->from[k] : b->to[k];
}

/* From its expiry to the end of its stretch a record's grade is missing. An empty stretch adds and takes away at one place, which is
 * cheaper than a branch that no processor can foresee. */
static void add_to_table(const grid_question *q, const grid_changes *t, const grid_block *b, size_t count) {
    const int64_t stride = t->n_grades + 1;
    int64_t begin[GRID_BLOCK], end[GRID_BLOCK];
    sif_grid_loops_now()->find_cells(b->group, b->grade, b->from, b->to, count, t->n_dates, t->n_groups, t->n_grades, begin, end);
    for (size_t k = 0; q->expires != NULL && k < count; k++) {
        const int64_t expiry = larger(b->from[k], b->expiry[k]), to_missing = b->grade[k] < 0 ? 0 : t->n_grades - b->grade[k];
        if (expiry < b->to[k]) {
            int32_t *const at_expiry = t->table + begin[k] + (expiry - b->from[k]) * stride;
            at_expiry[0]--;
            at_expiry[to_missing]++;
            end[k] += to_missing;
        }
    }
    for (size_t k = 0; k < count; k++)
        t->table[begin[k]]++;
    for (size_t k = 0; k < count; k++)
        t->table[end[k]]--;
}

static void add_to_list(const grid_question *q, grid_changes *t, const grid_block *b, size_t count) {
    const uint64_t stride = (uint64_t)t->n_grades + 1;
    uint64_t *next = t->list + t->n_listed; /* room for 4 more a record where a grade can expire, for 2 where none can */
    for (size_t k = 0; k < count; k++) {
        if (b->from[k] >= b->to[k])
            continue;
        const uint64_t group = (uint64_t)(b->group[k] < 0 ? t->n_groups : b->group[k]), of_group = group * (uint64_t)t->n_dates * stride;
        const uint64_t grade = (uint64_t)(b->grade[k] < 0 ? t->n_grades : b->grade[k]);
        const int64_t expiry = q->expires != NULL ? larger(b->from[k], b->expiry[k]) : t->n_dates;
        uint64_t shown = grade;
        *next++ = (of_group + (uint64_t)b->from[k] * stride + shown) << 1;
        if (expiry < b->to[k]) {
            *next++ = (of_group + (uint64_t)expiry * stride + shown) << 1 | 1;
            shown = (uint64_t)t->n_grades;
            *next++ = (of_group + (uint64_t)expiry * stride + shown) << 1;
        }
        if (b->to[k] < t->n_dates)
            *next++ = (of_group + (uint64_t)b->to[k] * stride + shown) << 1 | 1;
    }
    t->n_listed = next - t->list;
}

/* Walks the records from the last to the first. After any fault the status is SIF_UNORDERED; first_fault_in_order finds out what it
 * was. */
static sif_status walk_backwards(const grid_question *q, const record_source *from, grid_changes *t, const sif_interrupt_check *interrupt) {
    const sif_piece piece = from->piece;
    const int64_t before = from->ordering != NULL ? -1 : sif_provider_before(from->records, from->order, piece.first);
    const uint8_t *const eligible = from->ordering != NULL ? NULL : from->records->eligible; /* the packed are those that take part */
    grid_block b;
    b.row[0] = b.published[0] = b.dated[0] = INT64_MAX;
    b.provider[0] = INT32_MAX;
    int32_t displaced = (int32_t)t->n_dates;
    for (int64_t stop = piece.stop, first; stop > piece.first; stop = first) {
        first = stop - smaller(stop - piece.first, GRID_BLOCK);
        const size_t count = (size_t)(stop - first);
        if (t->table != NULL && stop < piece.stop && (piece.stop - stop) % FLUSH_ROWS == 0)
            flush(t);
        if (first % SIF_ROWS_PER_CHECK < GRID_BLOCK && sif_is_interrupted(interrupt))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        b.row[count] = b.row[0];
        b.published[count] = b.published[0];
        b.dated[count] = b.dated[0];
        b.provider[count] = b.provider[0];
        if (load_grid_block(q, from, first, count, &b) != 0 || (first == piece.first && b.provider[0] <= before))
            return sif_fail(SIF_UNORDERED, -1, 0);
        const int64_t next = smaller(first - piece.first, GRID_BLOCK);
        fetch_grid_block(q, from, first - next, (size_t)next);
        find_stretches(q, eligible, &b, count, &displaced);
        if (t->table != NULL)
            add_to_table(q, t, &b, count);
        else
            add_to_list(q, t, &b, count);
    }
    if (t->table != NULL)
        flush(t);
    return sif_ok();
}

static void forget_changes(grid_changes *t) {
    const int64_t cells = (t->n_groups + 1) * (t->n_grades + 1);
    t->n_listed = 0;
    if (t->table == NULL)
        return;
    memset(t->counts, 0, (size_t)(t->n_dates * cells) * sizeof *t->counts);
    memset(t->table, 0, (size_t)((t->n_dates + 1) * cells) * sizeof *t->table);
}

static sif_status walk_once(const grid_question *q, const record_source *from, grid_changes *t, const sif_interrupt_check *interrupt) {
    forget_changes(t);
    return walk_backwards(q, from, t, interrupt);
}

/* Sorts the records of the providers (NULL: all) and collects their changes. SIF_UNORDERED: they do not fit words, or a code is at
 * fault. */
static sif_status walk_grid_slices(grid_question *q, const sif_piece *providers, grid_changes *t, const sif_interrupt_check *interrupt) {
    sif_ordering slice;
    sif_slices *slices;
    q->grade_bits = sif_bits_of((uint64_t)t->n_grades);
    q->group_bits = sif_bits_of((uint64_t)t->n_groups);
    q->position_bits = sif_bits_of((uint64_t)t->n_dates);
    q->expiry_bits = q->expires != NULL ? q->position_bits : 0;
    const sif_carried carried = {
        .bits = q->grade_bits + q->group_bits + q->position_bits + q->expiry_bits, .load = carry_codes_and_positions, .context = q};
    if (carried.bits >= 64)
        return sif_fail(SIF_UNORDERED, -1, 0);
    forget_changes(t);
    sif_status status = sif_start_slices(q->records, providers, &carried, &slices, interrupt);
    if (status.code == SIF_OK && !sif_are_words(slices))
        status = sif_fail(SIF_UNORDERED, -1, 0);
    if (status.code == SIF_OK)
        status = sif_next_slice(slices, &slice, interrupt);
    while (status.code == SIF_OK && slice.words != NULL) {
        const record_source from = {.records = q->records, .ordering = &slice, .piece = {.stop = slice.n}};
        status = walk_backwards(q, &from, t, interrupt);
        if (status.code == SIF_OK)
            status = sif_next_slice(slices, &slice, interrupt);
    }
    sif_end_slices(slices);
    return status;
}

/* Collects the changes of all records where they lie in no order. Where they do not fit words, the rows are walked in their order. */
static sif_status walk_unordered(grid_question *q, grid_changes *t, const sif_interrupt_check *interrupt) {
    const sif_records *const records = q->records;
    int already;
    sif_status status = walk_grid_slices(q, NULL, t, interrupt);
    if (status.code != SIF_UNORDERED)
        return status;
    int64_t *const rows = malloc((size_t)records->n * sizeof *rows); /* n > 0, or the rows would be in order */
    status = rows != NULL ? sif_order_records(records, rows, &already, interrupt) : sif_fail(SIF_NO_MEMORY, -1, 0);
    const record_source from = {.records = records, .order = rows, .piece = {.stop = records->n}};
    if (status.code == SIF_OK)
        status = walk_once(q, &from, t, interrupt);
    free(rows);
    /* The order is right now, so a code is at fault; the first row that has one is named. */
    return status.code == SIF_UNORDERED ? first_bad_code(records, q->groups, q->grades) : status;
}

/* Collects the changes of all records: as they lie or by `order`, where that is their order, else after they were brought into it. */
static sif_status collect_changes(grid_question *q, const int64_t *order, const sif_piece *piece, grid_changes *t,
                                  const sif_interrupt_check *interrupt) {
    const sif_records *const records = q->records;
    if (piece != NULL && piece->of_providers)
        return walk_grid_slices(q, piece, t, interrupt);
    record_source from = {.records = records, .order = order, .piece = {.stop = records->n}};
    if (piece != NULL)
        from.piece = (sif_piece){.first = sif_next_provider(records, order, piece->first),
                                 .stop = sif_next_provider(records, order, piece->stop)};
    const int is_whole = from.piece.first == 0 && from.piece.stop == records->n;
    sif_status status = walk_once(q, &from, t, interrupt);
    if (status.code == SIF_UNORDERED)
        status = first_fault_in_order(&from, q->groups, q->grades);
    return status.code == SIF_UNORDERED && order == NULL && is_whole ? walk_unordered(q, t, interrupt) : status;
}

/* Prepares the question of a grid. close_grid_question frees its tables, whatever the status. */
static sif_status ask_grid(const sif_records *records, const sif_codes *groups, const sif_codes *grades, const int64_t *expires,
                           int64_t n_dates, const int64_t *dates, const int64_t *cutoffs, grid_question *q) {
    const int64_t n_groups = groups != NULL ? groups->size : 0;
    const int64_t largest = larger(larger(records->provider.size, n_dates + 1), larger(n_groups, grades->size));
    *q = (grid_question){.records = records, .groups = groups, .grades = grades, .expires = expires};
    sif_status status = largest <= INT32_MAX ? sif_ok() : sif_fail(SIF_TOO_LARGE, -1, largest);
    if (status.code == SIF_OK)
        status = make_grid(dates, n_dates, &q->by_date);
    if (status.code == SIF_OK)
        status = make_grid(cutoffs, n_dates, &q->by_cutoff);
    return status;
}

static void close_grid_question(const grid_question *q) {
    free(q->by_date.days);
    free(q->by_cutoff.days);
    free(q->by_date.table.entry);
    free(q->by_cutoff.table.entry);
}

sif_status sif_count_as_at(const sif_records *records, const int64_t *order, const sif_piece *piece, const sif_codes *groups,
                           const sif_codes *grades, const int64_t *expires, int64_t n_dates, const int64_t *dates, const int64_t *cutoffs,
                           int64_t *counts, const sif_interrupt_check *interrupt) {
    const int64_t n_groups = groups != NULL ? groups->size : 0, n_grades = grades->size;
    int64_t cells = 0; /* of a date */
    grid_changes t = {.n_dates = n_dates, .n_groups = n_groups, .n_grades = n_grades, .counts = counts};
    if (n_dates == 0)
        return sif_ok();
    grid_question q;
    sif_status status = ask_grid(records, groups, grades, expires, n_dates, dates, cutoffs, &q);
    if (n_groups <= INT32_MAX && n_grades <= INT32_MAX) /* one way: no table of counts is that large */
        cells = (n_groups + 1) * (n_grades + 1);
    if (status.code == SIF_OK) {
        t.table = malloc((size_t)((n_dates + 1) * cells) * sizeof *t.table);
        status = t.table != NULL ? collect_changes(&q, order, piece, &t, interrupt) : sif_fail(SIF_NO_MEMORY, -1, 0);
    }
    for (int64_t d = 1; d < n_dates && status.code == SIF_OK; d++) {
        if (sif_is_interrupted(interrupt)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            break;
        }
        const int64_t *const before = counts + (d - 1) * cells;
        int64_t *const now = counts + d * cells;
        for (int64_t c = 0; c < cells; c++)
            now[c] += before[c];
    }
    close_grid_question(&q);
    free(t.table);
    return sif_finish(status, counts, n_dates * cells, NULL, 0);
}

/* Sums the changes of each cell and leaves out those that come to nothing. `words` may be `cells` or `changes`: only what has been read
 * is overwritten. */
static int64_t sum_changes(const uint64_t *words, int64_t n, int64_t *cells, int64_t *changes) {
    int64_t n_changes = 0;
    for (int64_t i = 0; i < n;) {
        const uint64_t cell = words[i] >> 1;
        int64_t change = 0;
        for (; i < n && words[i] >> 1 == cell; i++)
            change += words[i] & 1 ? -1 : 1;
        cells[n_changes] = (int64_t)cell;
        changes[n_changes] = change;
        n_changes += change != 0;
    }
    return n_changes;
}

sif_status sif_changes_as_at(const sif_records *records, const int64_t *order, const sif_codes *groups, const sif_codes *grades,
                             const int64_t *expires, int64_t n_dates, const int64_t *dates, const int64_t *cutoffs, int64_t *n_changes,
                             int64_t *cells, int64_t *changes, const sif_interrupt_check *interrupt) {
    const int64_t n_groups = groups != NULL ? groups->size : 0, n_grades = grades->size;
    grid_changes t = {.n_dates = n_dates, .n_groups = n_groups, .n_grades = n_grades, .list = (uint64_t *)cells};
    *n_changes = 0;
    if (n_dates == 0)
        return sif_ok();
    grid_question q;
    sif_status status = ask_grid(records, groups, grades, expires, n_dates, dates, cutoffs, &q);
    const int64_t of_group = status.code == SIF_OK ? n_dates * (n_grades + 1) : 0; /* each is below 2^31 */
    if (status.code == SIF_OK && n_groups + 1 > (INT64_MAX >> 1) / of_group)
        status = sif_fail(SIF_TOO_LARGE, -1, n_groups);
    if (status.code == SIF_OK)
        status = collect_changes(&q, order, NULL, &t, interrupt);
    if (status.code == SIF_OK) {
        const uint64_t *words;
        status = sif_sort_words((uint64_t *)cells, (uint64_t *)changes, t.n_listed, 1,
                                1 + sif_bits_of((uint64_t)((n_groups + 1) * of_group - 1)), &words, interrupt);
        if (status.code == SIF_OK)
            *n_changes = sum_changes(words, t.n_listed, cells, changes);
    }
    close_grid_question(&q);
    if (status.code != SIF_OK)
        *n_changes = SIF_VOID;
    const int64_t room = records->n * (expires != NULL ? 4 : 2);
    (void)sif_finish(status, cells, room, NULL, 0);
    return sif_finish(status, changes, room, NULL, 0);
}
