/* Counting rows by group and grade.
 *
 * A block of rows at a time: first the cell of each row is computed by loops without branches, which compilers vectorise, with the
 * range check folded into one flag; then, if no code of the block was out of range, the counters are incremented. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "cpu.h"

enum {
    TABLES = 8,                /* private tables, used in turn, so that rows of one cell do not wait for one another's increment */
    TABLES_ROWS = 1 << 18,     /* after which they are emptied: a counter of 16 bits has met an eighth of them, and a few at the end */
    MANY_CELLS = 1536,         /* with more cells than this, eight tables no longer fit beside the data: one table */
    SPACING = MANY_CELLS + 16, /* a constant, so that one register addresses all tables; no multiple of 4096 bytes, see below */
    CACHED_CELLS = 1 << 15,    /* with more cells than this that one leaves the nearest caches: a table of bytes */
    AHEAD = 24,                /* rows by which the counters of such a table are fetched before they are needed */
    LINE = 64,                 /* rows between two fetches of rows to come, and bytes of a line of the cache */
    ROWS_AHEAD = 3 * SIF_BLOCK /* by which rows are fetched before they are read */
};

/* The first of the rows first .. stop - 1 whose group or grade is out of range; a status of SIF_OK where there is none. */
static sif_status offender(const sif_codes *groups, const sif_codes *grades, int64_t first, int64_t stop) {
    for (int64_t i = first; i < stop; i++) {
        if (groups != NULL && !sif_code_fits(sif_code_at(groups, i), groups->size))
            return sif_fail(SIF_BAD_GROUP, i, sif_code_at(groups, i));
        if (!sif_code_fits(sif_code_at(grades, i), grades->size))
            return sif_fail(SIF_BAD_GRADE, i, sif_code_at(grades, i));
    }
    return sif_ok();
}

static void find_valid(const sif_codes *codes, int64_t first, size_t count, uint8_t *valid) {
    if (codes->validity != NULL)
        sif_loops_now()->spread_validity(codes->validity, codes->validity_offset + first, count, valid);
    else
        memset(valid, 0xFF, count);
}

/* The cells of the rows first .. first + count - 1, by `versions` of one width; each is below the number of cells unless the status says
 * otherwise. Kinds that no version takes are brought to int32 first. Where there are more grades than int8 has codes, as where columns
 * share their words, the versions find the cells of grade 0, to which grades are added. */
static sif_status find_cells(const sif_find_cells_by_kind versions[], const sif_codes *groups, const sif_codes *grades, int64_t first,
                             size_t count, void *cells) {
    const sif_loops *const loops = sif_loops_now();
    uint8_t valid[SIF_BLOCK];
    int32_t wide[SIF_BLOCK];
    int32_t many[SIF_BLOCK];
    int8_t narrow[SIF_BLOCK];
    const int are_many = grades->size > INT8_MAX;
    int bad = 0;

    const int8_t *grade = sif_row_of(grades, first);
    if (are_many) {
        find_valid(grades, first, count, valid);
        bad = loops->widen[grades->kind](grade, valid, count, (uint32_t)grades->size, many);
        grade = memset(narrow, 0, count);
    } else if (grades->kind == SIF_UINT8 || (grades->kind == SIF_INT8 && grades->validity != NULL)) {
        find_valid(grades, first, count, valid);
        bad = loops->mask_grades(grade, valid, count, narrow) && grades->kind == SIF_UINT8;
        grade = narrow;
    } else if (grades->kind != SIF_INT8) {
        find_valid(grades, first, count, valid);
        bad = loops->widen[grades->kind](grade, valid, count, (uint32_t)grades->size, wide);
        for (size_t i = 0; i < count; i++)
            narrow[i] = (int8_t)wide[i];
        grade = narrow;
    }
    const void *group = groups != NULL ? sif_row_of(groups, first) : memset(wide, 0xFF, count * sizeof *wide);
    sif_kind kind = groups != NULL ? groups->kind : SIF_INT32;
    int is_masked = groups != NULL && groups->validity != NULL;
    const uint32_t n_groups = groups != NULL ? (uint32_t)groups->size : 0;
    if (is_masked || versions[0][kind] == NULL)
        find_valid(groups, first, count, valid);
    if (versions[0][kind] == NULL) {
        bad |= loops->widen[kind](group, valid, count, n_groups, wide);
        group = wide;
        kind = SIF_INT32;
        is_masked = 0;
    }
    bad |= versions[is_masked][kind](group, valid, grade, count, n_groups, (uint32_t)grades->size, cells);
    if (are_many) {
        uint32_t *const cell = cells;
        const uint32_t last = (uint32_t)grades->size;
        for (size_t i = 0; i < count; i++)
            cell[i] += (uint32_t)many[i] < last ? (uint32_t)many[i] : last; /* no branch: -1 is the largest unsigned */
    }
    return bad ? offender(groups, grades, first, first + (int64_t)count) : sif_ok();
}

/* (groups + 1) x (grades + 1), or -1 where cells could not be told apart in 32 bits. */
static int64_t number_of_cells(const sif_codes *groups, const sif_codes *grades) {
    const int64_t rows = groups != NULL ? groups->size : 0;
    if (rows < 0 || grades->size < 0 || rows > INT32_MAX || grades->size > INT32_MAX)
        return -1;
    const int64_t cells = (rows + 1) * (grades->size + 1);
    return cells <= INT32_MAX ? cells : -1;
}

/* Brings the LINE rows of a column near that begin ROWS_AHEAD after `row`; past its end there is nothing to bring. Increments wait for
 * increments, not for memory: spread out among them, fetching costs next to nothing. Not by sif_fetch_ahead, by which gcc makes of the
 * increments around it a loop that takes a third longer. */
static inline void fetch_rows(const sif_codes *codes, int64_t row) {
    const uintptr_t start = (uintptr_t)sif_row_of(codes, row), stop = start + LINE * sif_width_of(codes);
    for (uintptr_t line = start; line < stop; line += LINE)
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): a pointer must not leave its array; this address is never read */
        SIF_FETCH((const void *)(line + ROWS_AHEAD * sif_width_of(codes)));
}

static inline void fetch_both(const sif_codes *groups, const sif_codes *grades, int64_t row) {
    fetch_rows(grades, row);
    if (groups != NULL)
        fetch_rows(groups, row);
}

/* Counters of 16 bits, so that two threads that share the caches of a core both find room. Tables lie SPACING counters apart: at multiples
 * of 4096 bytes they would compete for the same places of the cache. */
static void increment_tables(const uint16_t *cell, size_t count, uint16_t *tables, const sif_codes *groups, const sif_codes *grades,
                             int64_t first) {
    size_t i = 0;
    for (; i + LINE <= count; i += LINE) {
        fetch_both(groups, grades, first + (int64_t)i);
        for (const uint16_t *of = cell + i; of < cell + i + LINE; of += TABLES) {
            (tables + 0 * SPACING)[of[0]]++;
            (tables + 1 * SPACING)[of[1]]++;
            (tables + 2 * SPACING)[of[2]]++;
            (tables + 3 * SPACING)[of[3]]++;
            (tables + 4 * SPACING)[of[4]]++;
            (tables + 5 * SPACING)[of[5]]++;
            (tables + 6 * SPACING)[of[6]]++;
            (tables + 7 * SPACING)[of[7]]++;
        }
    }
    for (; i < count; i++)
        tables[cell[i]]++;
}

static void empty_tables(uint16_t *tables, size_t n_cells, int64_t *counts) {
    for (size_t t = 0; t < TABLES; t++) {
        for (size_t c = 0; c < n_cells; c++)
            counts[c] += tables[t * SPACING + c];
        memset(tables + t * SPACING, 0, n_cells * sizeof *tables);
    }
}

static void increment_table(const uint32_t *cell, size_t count, uint32_t *table, const sif_codes *groups, const sif_codes *grades,
                            int64_t first) {
    size_t i = 0;
    for (; i + LINE <= count; i += LINE) {
        fetch_both(groups, grades, first + (int64_t)i);
        for (const uint32_t *of = cell + i; of < cell + i + LINE; of += 4) {
            table[of[0]]++;
            table[of[1]]++;
            table[of[2]]++;
            table[of[3]]++;
        }
    }
    for (; i < count; i++)
        table[cell[i]]++;
}

/* A counter is a byte, so that as many as can be lie in the caches; each time it is full it is carried. */
static inline void increment_byte(uint32_t cell, uint8_t *table, int64_t *counts) {
    if (++table[cell] == 0)
        counts[cell] += UINT8_MAX + 1;
}

static void increment_bytes(const uint32_t *cell, size_t count, uint8_t *table, int64_t *counts, const sif_codes *groups,
                            const sif_codes *grades, int64_t first) {
    size_t i = 0;
    for (; i + LINE + AHEAD <= count; i += LINE) {
        fetch_both(groups, grades, first + (int64_t)i);
        for (const uint32_t *of = cell + i; of < cell + i + LINE; of += 2) {
            SIF_FETCH_FOR_WRITING(&table[of[AHEAD]]);
            SIF_FETCH_FOR_WRITING(&table[of[AHEAD + 1]]);
            increment_byte(of[0], table, counts);
            increment_byte(of[1], table, counts);
        }
    }
    for (; i < count; i++)
        increment_byte(cell[i], table, counts);
}

/* One group: no cells are needed, the values are counted. Rows out of range are the ones that no value counts. */
static sif_status count_one_group(int64_t n, const sif_codes *grades, int64_t *counts, const sif_watch *watch) {
    const sif_loops *const loops = sif_loops_now();
    const size_t n_cells = (size_t)grades->size + 1;
    int64_t piece[INT8_MAX + 1];
    for (int64_t first = 0; first < n; first += SIF_WATCH_ROWS) {
        const int64_t count = n - first < SIF_WATCH_ROWS ? n - first : SIF_WATCH_ROWS;
        memset(piece, 0, sizeof piece);
        loops->count_values((const int8_t *)grades->data + first, (size_t)count, (uint32_t)grades->size, piece);
        int64_t counted = 0;
        for (size_t c = 0; c < n_cells; c++) {
            counts[c] += piece[c];
            counted += piece[c];
        }
        if (counted != count)
            return offender(NULL, grades, first, first + count);
        if (sif_stop(watch))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    return sif_ok();
}

static sif_status count_cells(int64_t n, const sif_codes *groups, const sif_codes *grades, size_t n_cells, int64_t *counts,
                              const sif_watch *watch) {
    sif_status status = sif_ok();
    uint16_t *tables = NULL;
    uint32_t *table = NULL;
    uint8_t *bytes = NULL;
    uint16_t cell_16[SIF_BLOCK];
    uint32_t cell_32[SIF_BLOCK];
    const int is_narrow = n_cells <= MANY_CELLS && grades->size <= INT8_MAX;
    const int is_wide = !is_narrow && n_cells > CACHED_CELLS;
    const sif_find_cells_by_kind *const versions = is_narrow ? sif_loops_now()->find_cells_16 : sif_loops_now()->find_cells_32;

    /* Few rows are not worth tables of their own. */
    const int with_tables = (uint64_t)n >= (uint64_t)2 * n_cells * (is_narrow ? TABLES : 1);
    if (with_tables) {
        if (is_narrow)
            tables = calloc((size_t)TABLES * SPACING, sizeof *tables);
        else if (is_wide)
            bytes = calloc(n_cells, sizeof *bytes);
        else
            table = calloc(n_cells, sizeof *table);
        if (tables == NULL && table == NULL && bytes == NULL)
            return sif_fail(SIF_NO_MEMORY, -1, 0);
    }
    for (int64_t start = 0; start < n; start += SIF_WATCH_ROWS) {
        const int64_t stop = n - start < SIF_WATCH_ROWS ? n : start + SIF_WATCH_ROWS;
        for (int64_t first = start; first < stop; first += SIF_BLOCK) {
            const size_t count = stop - first < SIF_BLOCK ? (size_t)(stop - first) : SIF_BLOCK;
            status = find_cells(versions, groups, grades, first, count, is_narrow ? (void *)cell_16 : (void *)cell_32);
            if (status.code != SIF_OK)
                goto done;
            if (!with_tables)
                for (size_t i = 0; i < count; i++)
                    counts[is_narrow ? cell_16[i] : cell_32[i]]++;
            else if (is_narrow)
                increment_tables(cell_16, count, tables, groups, grades, first);
            else if (is_wide)
                increment_bytes(cell_32, count, bytes, counts, groups, grades, first);
            else
                increment_table(cell_32, count, table, groups, grades, first);
            if (tables != NULL && ((first + SIF_BLOCK) % TABLES_ROWS == 0 || first + SIF_BLOCK >= n))
                empty_tables(tables, n_cells, counts);
        }
        /* A counter of 32 bits holds what 4095 rounds of 2^20 rows can bring: emptied at the end and every 2048 rounds. */
        if (table != NULL && (stop == n || (start / SIF_WATCH_ROWS) % 2048 == 2047))
            for (size_t c = 0; c < n_cells; c++) {
                counts[c] += table[c];
                table[c] = 0;
            }
        if (sif_stop(watch)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
    }
    for (size_t c = 0; bytes != NULL && c < n_cells; c++)
        counts[c] += bytes[c];
done:
    free(tables);
    free(table);
    free(bytes);
    return status;
}

sif_status sif_count_grades(int64_t n, const sif_codes *groups, const sif_codes *grades, int64_t *counts, const sif_watch *watch) {
    const int64_t cells = number_of_cells(groups, grades);
    if (cells < 0)
        return sif_fail(SIF_TOO_LARGE, -1, groups != NULL ? groups->size : grades->size);
    const int plain = groups == NULL && grades->kind == SIF_INT8 && grades->validity == NULL && grades->size <= INT8_MAX;
    const sif_status status =
        plain ? count_one_group(n, grades, counts, watch) : count_cells(n, groups, grades, (size_t)cells, counts, watch);
    if (status.code != SIF_OK)
        for (int64_t c = 0; c < cells; c++)
            counts[c] = SIF_VOID;
    return status;
}

/* Neumaier's step: what the addition loses is kept in `lost`. */
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
                           int64_t *unweighted, const sif_watch *watch) {
    sif_status status = sif_ok();
    const int64_t cells = number_of_cells(groups, grades);
    if (cells < 0)
        return sif_fail(SIF_TOO_LARGE, -1, groups != NULL ? groups->size : grades->size);
    const size_t n_cells = (size_t)cells;
    const uint32_t stride = (uint32_t)grades->size + 1;
    uint32_t cell[SIF_BLOCK];
    double *lost = calloc(n_cells, sizeof *lost);
    if (lost == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    for (int64_t first = 0; first < n; first += SIF_BLOCK) {
        const size_t count = n - first < SIF_BLOCK ? (size_t)(n - first) : SIF_BLOCK;
        status = find_cells(sif_loops_now()->find_cells_32, groups, grades, first, count, cell);
        if (status.code != SIF_OK) {
            /* The cells are void, but a bad weight may come before the bad code. */
            for (int64_t i = first; i < status.row; i++)
                if (weights[i] < 0 || isinf(weights[i]))
                    status = sif_fail(SIF_BAD_WEIGHT, i, bits_of(weights[i]));
            goto done;
        }
        for (size_t i = 0; i < count; i++) {
            const double weight = weights[first + (int64_t)i];
            if (isnan(weight))
                unweighted[cell[i] / stride]++;
            else if (weight >= 0 && !isinf(weight))
                add_weight(weight, &sums[cell[i]], &lost[cell[i]]);
            else {
                status = sif_fail(SIF_BAD_WEIGHT, first + (int64_t)i, bits_of(weight));
                goto done;
            }
        }
        if (first % SIF_WATCH_ROWS == 0 && sif_stop(watch)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
    }
    for (size_t c = 0; c < n_cells; c++)
        if (isfinite(sums[c])) /* a sum past all doubles is infinite; what it lost is no number */
            sums[c] += lost[c];
done:
    free(lost);
    if (status.code != SIF_OK) {
        for (size_t c = 0; c < n_cells; c++)
            sums[c] = NAN;
        for (size_t g = 0; g < n_cells / stride; g++)
            unweighted[g] = SIF_VOID;
    }
    return status;
}
