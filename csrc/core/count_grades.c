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
    MANY_CELLS = 1536,         /* with more cells than this, eight tables no longer fit beside the data: one table */
    SPACING = MANY_CELLS + 16, /* a constant, so that one register addresses all tables; no multiple of 4096 bytes, see below */
    CACHED_CELLS = 1 << 17,    /* up to here the counters stay in the second-level cache */
    AHEAD = 24                 /* rows by which the counters of a table larger than that are fetched before they are needed */
};

/* Bit k of byte k, counted in the order of memory. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BIT_OF_BYTE 0x0102040810204080U
#else
#define BIT_OF_BYTE 0x8040201008040201U
#endif

/* valid[i] = 0xFF or 0 as the bitmap says of row first + i; all valid without a bitmap. */
static void spread_validity(const sif_codes *codes, int64_t first, size_t count, uint8_t *valid) {
    if (codes->validity == NULL) {
        memset(valid, 0xFF, count);
        return;
    }
    const int64_t bit = codes->validity_offset + first;
    const uint8_t *const bytes = codes->validity + (bit >> 3);
    const unsigned shift = (unsigned)(bit & 7);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        /* Of the second byte rows stand in it only where the first is not begun at its start. */
        uint64_t bits = (uint64_t)(bytes[i >> 3] >> shift);
        if (shift > 0)
            bits |= (uint64_t)bytes[(i >> 3) + 1] << (8 - shift);
        /* A copy of the bits in each byte of a word; of each copy one bit is kept, and if it is set the byte becomes 0xFF. */
        const uint64_t kept = ((bits & 0xFF) * 0x0101010101010101U) & BIT_OF_BYTE;
        const uint64_t spread = ((kept + 0x7F7F7F7F7F7F7F7FU) >> 7 & 0x0101010101010101U) * 0xFF;
        memcpy(valid + i, &spread, 8);
    }
    for (; i < count; i++)
        valid[i] = codes->validity[(bit + (int64_t)i) >> 3] >> ((bit + (int64_t)i) & 7) & 1 ? 0xFF : 0;
}

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

/* More grades than int8 has codes: no scale has them, so a row at a time will do. */
static sif_status find_cells_of_many_grades(const sif_codes *groups, const sif_codes *grades, int64_t first, size_t count, uint32_t *cell) {
    const uint32_t stride = (uint32_t)grades->size + 1;
    for (size_t i = 0; i < count; i++) {
        const int64_t row = first + (int64_t)i, grade = sif_code_at(grades, row);
        const int64_t group = groups != NULL ? sif_code_at(groups, row) : -1;
        if (groups != NULL && !sif_code_fits(group, groups->size))
            return sif_fail(SIF_BAD_GROUP, row, group);
        if (!sif_code_fits(grade, grades->size))
            return sif_fail(SIF_BAD_GRADE, row, grade);
        const uint32_t n_groups = groups != NULL ? (uint32_t)groups->size : 0;
        cell[i] = (group < 0 ? n_groups : (uint32_t)group) * stride + (grade < 0 ? stride - 1 : (uint32_t)grade);
    }
    return sif_ok();
}

/* The cells of the rows first .. first + count - 1, by `versions` of one width; each is below the number of cells unless the status says
 * otherwise. Kinds that no version takes, and bitmaps, are brought to int32 first. */
static sif_status find_cells(sif_find_cells *const versions[], const sif_codes *groups, const sif_codes *grades, int64_t first,
                             size_t count, void *cells) {
    if (grades->size > INT8_MAX)
        return find_cells_of_many_grades(groups, grades, first, count, cells);
    const sif_loops *const loops = sif_loops_now();
    uint8_t valid[SIF_BLOCK];
    int32_t wide[SIF_BLOCK];
    int8_t narrow[SIF_BLOCK];
    int bad = 0;

    const int8_t *grade = sif_row_of(grades, first);
    if (grades->kind != SIF_INT8 || grades->validity != NULL) {
        spread_validity(grades, first, count, valid);
        bad |= loops->widen[grades->kind](sif_row_of(grades, first), valid, count, (uint32_t)grades->size, wide);
        for (size_t i = 0; i < count; i++)
            narrow[i] = (int8_t)wide[i];
        grade = narrow;
    }
    const void *group = groups != NULL ? sif_row_of(groups, first) : memset(wide, 0xFF, count * sizeof *wide);
    sif_find_cells *by_kind = versions[groups != NULL ? groups->kind : SIF_INT32];
    const uint32_t n_groups = groups != NULL ? (uint32_t)groups->size : 0;
    if (groups != NULL && (groups->validity != NULL || by_kind == NULL)) {
        spread_validity(groups, first, count, valid);
        bad |= loops->widen[groups->kind](group, valid, count, n_groups, wide);
        group = wide;
        by_kind = versions[SIF_INT32];
    }
    bad |= by_kind(group, grade, count, n_groups, (uint32_t)grades->size, cells);
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

/* Tables lie SPACING counters apart: at multiples of 4096 bytes they would compete for the same places of the cache. */
static void increment_tables(const uint16_t *cell, size_t count, uint32_t *tables) {
    size_t i = 0;
    for (; i + TABLES <= count; i += TABLES) {
        (tables + 0 * SPACING)[cell[i + 0]]++;
        (tables + 1 * SPACING)[cell[i + 1]]++;
        (tables + 2 * SPACING)[cell[i + 2]]++;
        (tables + 3 * SPACING)[cell[i + 3]]++;
        (tables + 4 * SPACING)[cell[i + 4]]++;
        (tables + 5 * SPACING)[cell[i + 5]]++;
        (tables + 6 * SPACING)[cell[i + 6]]++;
        (tables + 7 * SPACING)[cell[i + 7]]++;
    }
    for (; i < count; i++)
        tables[cell[i]]++;
}

static void increment_table(const uint32_t *cell, size_t count, uint32_t *table, size_t n_cells) {
    size_t i = 0;
    for (; n_cells > CACHED_CELLS && i + AHEAD < count; i++) {
        SIF_FETCH_FOR_WRITING(&table[cell[i + AHEAD]]);
        table[cell[i]]++;
    }
    for (; i < count; i++)
        table[cell[i]]++;
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

/* Brings the rows first .. first + count - 1 near while rows before them are counted. */
static void fetch_rows(const sif_codes *codes, int64_t first, size_t count) {
    const char *const start = sif_row_of(codes, first), *const stop = sif_row_of(codes, first + (int64_t)count);
    for (const char *line = start; line < stop; line += 64)
        SIF_FETCH(line);
}

static sif_status count_cells(int64_t n, const sif_codes *groups, const sif_codes *grades, size_t n_cells, int64_t *counts,
                              const sif_watch *watch) {
    sif_status status = sif_ok();
    uint32_t *tables = NULL;
    uint16_t cell_16[SIF_BLOCK];
    uint32_t cell_32[SIF_BLOCK];
    const int is_narrow = n_cells <= MANY_CELLS && grades->size <= INT8_MAX;
    const size_t n_tables = is_narrow ? TABLES : 1;
    sif_find_cells *const *const versions = is_narrow ? sif_loops_now()->find_cells_16 : sif_loops_now()->find_cells_32;

    /* Few rows are not worth tables of their own. */
    if ((uint64_t)n >= (uint64_t)2 * n_cells * n_tables) {
        tables = calloc(is_narrow ? (size_t)TABLES * SPACING : n_cells, sizeof *tables);
        if (tables == NULL)
            return sif_fail(SIF_NO_MEMORY, -1, 0);
    }
    for (int64_t start = 0; start < n; start += SIF_WATCH_ROWS) {
        const int64_t stop = n - start < SIF_WATCH_ROWS ? n : start + SIF_WATCH_ROWS;
        for (int64_t first = start; first < stop; first += SIF_BLOCK) {
            const size_t count = stop - first < SIF_BLOCK ? (size_t)(stop - first) : SIF_BLOCK;
            status = find_cells(versions, groups, grades, first, count, is_narrow ? (void *)cell_16 : (void *)cell_32);
            if (status.code != SIF_OK)
                goto done;
            if (n - first >= 2 * SIF_BLOCK) {
                fetch_rows(grades, first + SIF_BLOCK, SIF_BLOCK);
                if (groups != NULL)
                    fetch_rows(groups, first + SIF_BLOCK, SIF_BLOCK);
            }
            if (tables == NULL)
                for (size_t i = 0; i < count; i++)
                    counts[is_narrow ? cell_16[i] : cell_32[i]]++;
            else if (is_narrow)
                increment_tables(cell_16, count, tables);
            else
                increment_table(cell_32, count, tables, n_cells);
        }
        /* A counter of 32 bits holds what 4095 rounds of 2^20 rows can bring: emptied at the end and every 2048 rounds. */
        if (tables != NULL && (stop == n || (start / SIF_WATCH_ROWS) % 2048 == 2047))
            for (size_t t = 0; t < n_tables; t++)
                for (size_t c = 0; c < n_cells; c++) {
                    counts[c] += tables[t * SPACING + c];
                    tables[t * SPACING + c] = 0;
                }
        if (sif_stop(watch)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
    }
done:
    free(tables);
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
