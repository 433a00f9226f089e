/* Counting rows by group and grade.
 *
 * The cell of each row is computed by loops without branches, which compilers vectorise, and the counter of that cell is incremented.
 * Where the nearest cache holds all counters several times, one loop does both. It counts in tables that have cells for codes out of
 * range, too: these are looked at when the tables are emptied. Where there are more cells, a block of rows is counted at a time. First
 * its cells are found, and one flag says whether a code was out of range. If none was, the counters are incremented. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "code_loops.h"
#include "codes.h"
#include "counting_loops.h"

#ifndef SIF_TABLES_ROWS             /* tests and fuzz targets do with fewer rows */
#define SIF_TABLES_ROWS (7LL << 16) /* after so many rows tables are emptied: each counter of 16 bits has met an eighth of them */
#define SIF_STRETCH (1LL << 15)     /* rows for which the most frequent group is guessed once; whole strips */
#define SIF_ROWS_A_CELL 16LL        /* from which on tables are worth their emptying */
#endif

enum {
    COUNTED_BLOCK = SIF_LOADED_BLOCK,
    CACHED_CELLS = 1 << 15, /* one table of more cells than this leaves the nearest caches: its counters are bytes */
    AHEAD = 24,             /* rows by which the counters of such a table are fetched before they are needed */
    ROWS_AHEAD = 3072       /* by which rows are fetched before they are read */
};

/* The first of the rows first .. stop - 1 whose group or grade is out of range. One of them was; SIF_CHANGED where none is any more. */
static sif_status offender(const sif_codes *groups, const sif_codes *grades, int64_t first, int64_t stop) {
    for (int64_t i = first; i < stop; i++) { /* one way: one of them is out of range */
        const int64_t group = groups != NULL ? sif_code_at(groups, i) : -1, grade = sif_code_at(grades, i);
        if (groups != NULL && !sif_code_fits(group, groups->size))
            return sif_fail(SIF_BAD_GROUP, i, group);
        if (!sif_code_fits(grade, grades->size))
            return sif_fail(SIF_BAD_GRADE, i, grade);
    }
    return sif_changed(); /* not reached: one of them is out of range, unless an array changes meanwhile */
}

/* What the hot loops need of a block of rows where the columns do not lie as they take them. */
typedef struct {
    uint8_t valid_groups[COUNTED_BLOCK], valid_grades[COUNTED_BLOCK];
    int8_t grades[COUNTED_BLOCK];
    int8_t no_groups[COUNTED_BLOCK]; /* -1 each */
} code_block;

/* The columns of a block as the hot loops take them: groups as they lie, grades as int8. */
typedef struct {
    const void *groups;
    const uint8_t *valid_groups; /* NULL: no group is missing but by its code */
    const int8_t *grades;
    sif_kind kind; /* of groups */
} taken_codes;

/* Which rows the bitmap calls valid, a byte each; NULL where there is none. */
static const uint8_t *find_valid(const sif_codes *codes, int64_t first, size_t count, uint8_t *valid) {
    if (codes->validity == NULL)
        return NULL;
    sif_code_loops_now()->spread_validity(codes->validity, codes->validity_offset + first, count, valid);
    return valid;
}

static int grades_lie_as_taken(const sif_codes *grades) {
    return grades->kind == SIF_INT8 && grades->validity == NULL;
}

/* grades->size <= INT8_MAX. */
static taken_codes take_codes(const sif_codes *groups, const sif_codes *grades, int64_t first, size_t count, code_block *b) {
    /* cppcheck-suppress ctuuninitvar; of b its place alone is taken here: it is written before anyone reads it */
    taken_codes taken = {.groups = b->no_groups, .grades = sif_row_of(grades, first), .kind = SIF_INT8};
    if (groups != NULL) {
        taken.groups = sif_row_of(groups, first);
        taken.valid_groups = find_valid(groups, first, count, b->valid_groups);
        taken.kind = groups->kind;
    } else
        memset(b->no_groups, 0xFF, count);
    if (!grades_lie_as_taken(grades)) {
        const uint8_t *const valid = find_valid(grades, first, count, b->valid_grades);
        sif_code_loops_now()->load_bytes[grades->kind](taken.grades, valid, count, (uint32_t)grades->size, b->grades);
        taken.grades = b->grades;
    }
    return taken;
}

/* Finds cells where there are more grades than int8 has codes, as in a Categorical whose columns share their words. */
static int find_cells_of_many_grades(const sif_codes *groups, const sif_codes *grades, int64_t first, size_t count, uint32_t *cell) {
    const sif_code_loops *const loops = sif_code_loops_now();
    int32_t code[COUNTED_BLOCK];
    int is_bad = 0;
    memset(cell, 0, count * sizeof *cell);
    if (groups != NULL) {
        sif_load_codes(groups, NULL, first, count, code);
        is_bad = loops->append(code, count, (uint32_t)groups->size, cell);
    }
    sif_load_codes(grades, NULL, first, count, code);
    return loops->append(code, count, (uint32_t)grades->size, cell) | is_bad;
}

/* The cells of the rows first .. first + count - 1, at most COUNTED_BLOCK. Where others write to the codes, a cell may be any number,
 * whatever the status: it is limited where it is used. */
static sif_status find_cells(const sif_codes *groups, const sif_codes *grades, int64_t first, size_t count, uint32_t *cell) {
    const uint32_t n_groups = groups != NULL ? (uint32_t)groups->size : 0, n_grades = (uint32_t)grades->size;
    code_block b;
    int is_bad;
    if (n_grades > INT8_MAX)
        is_bad = find_cells_of_many_grades(groups, grades, first, count, cell);
    else {
        const taken_codes of = take_codes(groups, grades, first, count, &b);
        is_bad = sif_counting_loops_now()->find_cells[of.kind](of.groups, of.valid_groups, of.grades, count, n_groups, n_grades, cell);
    }
    return is_bad ? offender(groups, grades, first, first + (int64_t)count) : sif_ok();
}

/* A cell that there is, whatever was read. */
static uint32_t limited(uint32_t cell, size_t n_cells) {
    return cell < n_cells ? cell : (uint32_t)n_cells - 1; /* one way: an array must change meanwhile */
}

/* (groups + 1) x (grades + 1), or -1 where the number of a cell would not fit 31 bits. */
static int64_t cells_of_grades(const sif_codes *groups, const sif_codes *grades) {
    const int64_t rows = groups != NULL ? groups->size : 0;
    if (rows < 0 || grades->size < 0 || rows > INT32_MAX || grades->size > INT32_MAX)
        return -1;
    const int64_t cells = (rows + 1) * (grades->size + 1);
    return cells <= INT32_MAX ? cells : -1;
}

/* Increments wait for one another and not for memory. So rows that are needed later are fetched between them, which costs next to
 * nothing. */
static sif_rows_ahead rows_ahead(const sif_codes *groups, const sif_codes *grades, int64_t first) {
    const size_t group_width = groups != NULL ? sif_width_of(groups) : 0, grade_width = sif_width_of(grades);
    return (sif_rows_ahead){.groups = groups != NULL ? (uintptr_t)sif_row_of(groups, first) + ROWS_AHEAD * group_width : 0,
                            .grades = (uintptr_t)sif_row_of(grades, first) + ROWS_AHEAD * grade_width,
                            .group_width = group_width,
                            .grade_width = grade_width};
}

/* The cells of a table are as many as `mask` can tell, which are at least those that there are: what is not one of them is none of the
 * outputs. */
static void increment_table(const uint32_t *cell, size_t count, uint32_t mask, uint32_t *table, const sif_rows_ahead *ahead) {
    size_t i = 0;
    for (; i + SIF_STRIP <= count; i += SIF_STRIP) {
        sif_fetch_strip(ahead, i);
        for (const uint32_t *of = cell + i; of < cell + i + SIF_STRIP; of += 4) {
            table[of[0] & mask]++;
            table[of[1] & mask]++;
            table[of[2] & mask]++;
            table[of[3] & mask]++;
        }
    }
    for (; i < count; i++)
        table[cell[i] & mask]++;
}

/* A counter is a byte, so that the caches hold as many as they can. When it is full, 256 are added to the count. */
typedef struct {
    uint8_t *table;
    uint32_t mask;
    size_t n_cells;
    int64_t *counts;
} byte_counters;

static inline void increment_byte(uint32_t cell, const byte_counters *by) {
    if (++by->table[cell & by->mask] == 0)
        by->counts[limited(cell & by->mask, by->n_cells)] += UINT8_MAX + 1;
}

static void increment_bytes(const uint32_t *cell, size_t count, const byte_counters *by, const sif_rows_ahead *ahead) {
    size_t i = 0;
    for (; i + SIF_STRIP + AHEAD <= count; i += SIF_STRIP) {
        sif_fetch_strip(ahead, i);
        for (const uint32_t *of = cell + i; of < cell + i + SIF_STRIP; of += 2) {
            SIF_FETCH_FOR_WRITING(&by->table[of[AHEAD] & by->mask]);
            SIF_FETCH_FOR_WRITING(&by->table[of[AHEAD + 1] & by->mask]);
            increment_byte(of[0], by);
            increment_byte(of[1], by);
        }
    }
    for (; i < count; i++)
        increment_byte(cell[i], by);
}

/* One group: there are no cells to find, the grades themselves are counted. Rows that no grade counts are out of range. */
static sif_status count_one_group(int64_t n, const sif_codes *grades, int64_t *counts, const sif_interrupt_check *interrupt) {
    const sif_counting_loops *const loops = sif_counting_loops_now();
    const size_t n_cells = (size_t)grades->size + 1;
    int64_t piece[INT8_MAX + 1];
    for (int64_t first = 0; first < n; first += SIF_ROWS_PER_CHECK) {
        const int64_t count = n - first < SIF_ROWS_PER_CHECK ? n - first : SIF_ROWS_PER_CHECK;
        memset(piece, 0, sizeof piece);
        loops->count_values((const int8_t *)grades->data + first, (size_t)count, (uint32_t)grades->size, piece);
        int64_t counted = 0;
        for (size_t c = 0; c < n_cells; c++) {
            counts[c] += piece[c];
            counted += piece[c];
        }
        if (counted != count)
            return offender(NULL, grades, first, first + count);
        if (sif_is_interrupted(interrupt))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    return sif_ok();
}

/* Guesses the most frequent group of these rows: the one that two of three rows have, the first, the middle and the last; -1 for
 * missing. `before` where all three differ. */
static int64_t find_frequent(const sif_codes *groups, int64_t first, int64_t count, int64_t before) {
    if (groups == NULL)
        return -1;
    const int64_t a = sif_code_at(groups, first), b = sif_code_at(groups, first + count / 2), c = sif_code_at(groups, first + count - 1);
    const int64_t most = a == b || a == c ? a : b == c ? b : before;
    return sif_code_fits(most, groups->size) ? most : before;
}

static void clear_tables(uint16_t *tables, size_t n_cells) {
    for (size_t t = 0; t < SIF_TABLES; t++)
        memset(tables + t * SIF_TABLE_SPACING, 0, n_cells * sizeof *tables);
}

static void add_row(const uint32_t *row, size_t n_grades, int64_t *of_group) {
    for (size_t g = 0; g < n_grades; g++)
        of_group[g] += row[g + 1];
    of_group[n_grades] += row[0];
}

/* Adds what the tables hold to the counts. Returns whether a row was out of range. */
static int empty_tables(uint16_t *tables, size_t n_groups, size_t n_grades, int64_t frequent, int64_t *counts) {
    const size_t columns = n_grades + 2, stride = n_grades + 1, rows = n_groups + 2 + SIF_STAND_INS;
    uint32_t sum[SIF_TABLE_CELLS] = {0}, out_of_range = 0;
    for (size_t t = 0; t < SIF_TABLES; t++)
        for (size_t c = 0; c < rows * columns; c++)
            sum[c] += tables[t * SIF_TABLE_SPACING + c];
    for (size_t c = 0; c < columns; c++)
        out_of_range |= sum[(n_groups + 1) * columns + c];
    for (size_t r = 0; r < rows; r++)
        out_of_range |= sum[r * columns + n_grades + 1];
    add_row(sum, n_grades, counts + n_groups * stride);
    for (size_t g = 0; g < n_groups; g++)
        add_row(sum + (g + 1) * columns, n_grades, counts + g * stride);
    for (size_t s = 0; s < SIF_STAND_INS; s++)
        add_row(sum + (n_groups + 2 + s) * columns, n_grades, counts + (frequent < 0 ? n_groups : (size_t)frequent) * stride);
    clear_tables(tables, rows * columns);
    return out_of_range != 0;
}

/* Counts rows, a multiple of SIF_STRIP, in tables of 16-bit counters. These are so narrow that two threads that share a core's caches
 * both find room. */
static sif_status count_in_tables(int64_t n, const sif_codes *groups, const sif_codes *grades, int64_t *counts,
                                  const sif_interrupt_check *interrupt) {
    sif_status status = sif_ok();
    const size_t n_groups = groups != NULL ? (size_t)groups->size : 0, n_grades = (size_t)grades->size;
    const int64_t step = groups != NULL && groups->validity == NULL && grades_lie_as_taken(grades) ? SIF_STRETCH : COUNTED_BLOCK;
    int64_t since = 0, work = 0, frequent = -1; /* the tables hold the rows from `since` on */
    code_block b;
    uint16_t *const tables = sif_room_for((uint64_t)(SIF_TABLES - 1) * SIF_TABLE_SPACING + SIF_TABLE_MASK + 1, sizeof *tables);
    if (tables == NULL)
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    clear_tables(tables, (n_groups + 2 + SIF_STAND_INS) * (n_grades + 2));
    for (int64_t first = 0; first < n; first += step) {
        const int64_t count = n - first < step ? n - first : step, most = find_frequent(groups, first, count, frequent);
        if (most != frequent || first + count - since > SIF_TABLES_ROWS) {
            if (first > since && empty_tables(tables, n_groups, n_grades, frequent, counts)) {
                status = offender(groups, grades, since, first);
                goto done;
            }
            frequent = most;
            since = first;
        }
        const taken_codes of = take_codes(groups, grades, first, (size_t)count, &b);
        const sif_rows_ahead ahead = rows_ahead(groups, grades, first);
        sif_counting_loops_now()->count_in_tables[of.kind](of.groups, of.valid_groups, of.grades, (size_t)count, (uint32_t)n_groups,
                                                           (uint32_t)n_grades, (uint32_t)(frequent + 1), &ahead, tables);
        if (sif_is_interrupted_after(interrupt, &work, count)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
    }
    if (empty_tables(tables, n_groups, n_grades, frequent, counts))
        status = offender(groups, grades, since, n);
done:
    free(tables);
    return status;
}

/* Many cells: by one table. */
static sif_status count_in_one_table(int64_t n, const sif_codes *groups, const sif_codes *grades, size_t n_cells, int64_t *counts,
                                     const sif_interrupt_check *interrupt) {
    sif_status status = sif_ok();
    uint32_t *table = NULL;
    uint8_t *bytes = NULL;
    uint32_t cell[COUNTED_BLOCK];

    uint32_t mask = 0;
    while (mask < n_cells - 1)
        mask = 2 * mask + 1;
    if (n_cells > CACHED_CELLS)
        bytes = calloc((size_t)mask + 1, sizeof *bytes);
    else
        table = calloc((size_t)mask + 1, sizeof *table);
    if (table == NULL && bytes == NULL)
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    const byte_counters by_bytes = {bytes, mask, n_cells, counts};
    for (int64_t start = 0; start < n; start += SIF_ROWS_PER_CHECK) {
        const int64_t stop = n - start < SIF_ROWS_PER_CHECK ? n : start + SIF_ROWS_PER_CHECK;
        for (int64_t first = start; first < stop; first += COUNTED_BLOCK) {
            const size_t count = stop - first < COUNTED_BLOCK ? (size_t)(stop - first) : COUNTED_BLOCK;
            status = find_cells(groups, grades, first, count, cell);
            if (status.code != SIF_OK)
                goto done;
            const sif_rows_ahead ahead = rows_ahead(groups, grades, first);
            if (table != NULL)
                increment_table(cell, count, mask, table, &ahead);
            else
                increment_bytes(cell, count, &by_bytes, &ahead);
        }
        /* A counter of 32 bits holds what 4095 rounds of 2^20 rows can add. The table is emptied at the end and after every 2048
         * rounds. */
        if (table != NULL && (stop == n || (start / SIF_ROWS_PER_CHECK) % 2048 == 2047))
            for (size_t c = 0; c < n_cells; c++) {
                counts[c] += table[c];
                table[c] = 0;
            }
        if (sif_is_interrupted(interrupt)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
    }
    for (size_t c = 0; bytes != NULL && c < n_cells; c++)
        counts[c] += bytes[c];
done:
    free(table);
    free(bytes);
    return status;
}

/* The rows first .. n - 1, too few for tables of their own. */
static sif_status count_few(int64_t first, int64_t n, const sif_codes *groups, const sif_codes *grades, size_t n_cells, int64_t *counts,
                            const sif_interrupt_check *interrupt) {
    uint32_t cell[COUNTED_BLOCK];
    int64_t work = 0;
    for (; first < n; first += COUNTED_BLOCK) {
        const size_t count = n - first < COUNTED_BLOCK ? (size_t)(n - first) : COUNTED_BLOCK;
        const sif_status status = find_cells(groups, grades, first, count, cell);
        if (status.code != SIF_OK)
            return status;
        for (size_t i = 0; i < count; i++)
            counts[limited(cell[i], n_cells)]++;
        if (sif_is_interrupted_after(interrupt, &work, (int64_t)count))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    return sif_ok();
}

static sif_status count_by_group(int64_t n, const sif_codes *groups, const sif_codes *grades, size_t n_cells, int64_t *counts,
                                 const sif_interrupt_check *interrupt) {
    const int64_t n_groups = groups != NULL ? groups->size : 0, in_a_table = (n_groups + 2 + SIF_STAND_INS) * (grades->size + 2);
    const int fits = grades->size <= INT8_MAX && in_a_table <= SIF_TABLE_CELLS;
    const int64_t needed = fits ? SIF_ROWS_A_CELL * in_a_table : 2 * (int64_t)n_cells;
    sif_status status = sif_ok();
    int64_t counted = 0;
    if (n >= needed) {
        counted = fits ? n / SIF_STRIP * SIF_STRIP : n;
        status = fits ? count_in_tables(counted, groups, grades, counts, interrupt)
                      : count_in_one_table(n, groups, grades, n_cells, counts, interrupt);
    }
    if (status.code == SIF_OK)
        status = count_few(counted, n, groups, grades, n_cells, counts, interrupt);
    return status;
}

sif_status sif_count_grades(int64_t n, const sif_codes *groups, const sif_codes *grades, int64_t *counts,
                            const sif_interrupt_check *interrupt) {
    const int64_t cells = cells_of_grades(groups, grades);
    if (cells < 0)
        return sif_fail(SIF_TOO_LARGE, -1, groups != NULL ? groups->size : grades->size);
    const int plain = groups == NULL && grades->kind == SIF_INT8 && grades->validity == NULL && grades->size <= INT8_MAX;
    const sif_status status =
        plain ? count_one_group(n, grades, counts, interrupt) : count_by_group(n, groups, grades, (size_t)cells, counts, interrupt);
    return sif_finish(status, counts, cells, NULL, 0);
}

/* Neumaier's step: `lost` keeps what the addition loses. */
static inline void add_weight(double weight, double *sum, double *lost) {
    const double total = *sum + weight;
    *lost += fabs(*sum) >= fabs(weight) ? (*sum - total) + weight : (weight - total) + *sum;
    *sum = total;
}

static int64_t bits_of(double weight) {
    int64_t bits;
    memcpy(&bits, &weight, sizeof bits);
    return bits;
}

sif_status sif_sum_weights(int64_t n, const sif_codes *groups, const sif_codes *grades, const double *weights, double *sums,
                           int64_t *unweighted, const sif_interrupt_check *interrupt) {
    sif_status status = sif_ok();
    const int64_t cells = cells_of_grades(groups, grades);
    if (cells < 0)
        return sif_fail(SIF_TOO_LARGE, -1, groups != NULL ? groups->size : grades->size);
    const size_t n_cells = (size_t)cells;
    const uint32_t stride = (uint32_t)grades->size + 1;
    uint32_t cell[COUNTED_BLOCK];
    double *lost = calloc(n_cells, sizeof *lost);
    if (lost == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    for (int64_t first = 0; first < n; first += COUNTED_BLOCK) {
        const size_t count = n - first < COUNTED_BLOCK ? (size_t)(n - first) : COUNTED_BLOCK;
        status = find_cells(groups, grades, first, count, cell);
        if (status.code != SIF_OK) {
            /* The cells are void, but a bad weight may come before the bad code. */
            for (int64_t i = first; i < status.row; i++)
                if (weights[i] < 0 || isinf(weights[i]))
                    status = sif_fail(SIF_BAD_WEIGHT, i, bits_of(weights[i]));
            goto done;
        }
        for (size_t i = 0; i < count; i++) {
            if (i % SIF_STRIP == 0) /* of 8 bytes a row: the loop would wait for them */
                sif_fetch_ahead(&weights[first + (int64_t)i], SIF_STRIP, sizeof *weights);
            const double weight = weights[first + (int64_t)i];
            const uint32_t of = limited(cell[i], n_cells);
            if (isnan(weight))
                unweighted[of / stride]++;
            else if (weight >= 0 && !isinf(weight))
                add_weight(weight, &sums[of], &lost[of]);
            else {
                status = sif_fail(SIF_BAD_WEIGHT, first + (int64_t)i, bits_of(weight));
                goto done;
            }
        }
        if (first % SIF_ROWS_PER_CHECK == 0 && sif_is_interrupted(interrupt)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
    }
    for (size_t c = 0; c < n_cells; c++)
        if (isfinite(sums[c])) /* a sum past the largest double is infinite, and what it lost is no number */
            sums[c] += lost[c];
done:
    free(lost);
    return sif_finish(status, unweighted, cells / stride, sums, cells);
}
