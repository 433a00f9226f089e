/* Counting rows by group and grade.
 *
 * A block of rows at a time: first the cell of each row is computed by loops without branches, which compilers vectorise, with the
 * range check folded into one flag; then, if no code of the block was out of range, the counters are incremented. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"

enum {
    BLOCK = 1024, /* rows; the cells of a block and the counters stay in the first-level cache */
    TABLES = 8,   /* private tables, used in turn, so that rows of one cell do not wait for one another's increment */
    MANY_CELLS = 1536 /* with more cells than this, eight tables no longer fit beside the data: one table */
};

/* Row i's place in the bitmap, spread to 0xFF (valid) or 0x00. */
static void spread_validity(const sif_codes *codes, int64_t first, size_t count, uint8_t *valid) {
    for (size_t i = 0; i < count; i++) {
        const int64_t bit = codes->validity_offset + first + (int64_t)i;
        valid[i] = (uint8_t) - (codes->validity[bit >> 3] >> (bit & 7) & 1);
    }
}

/* cell[i] += min(code, size) * stride, so that missing (-1, the largest unsigned) goes to the last place. Returns non-zero if a code is
 * neither missing nor below size. count <= BLOCK; size < UINT32_MAX and the sums fit 32 bits (checked by the caller). */
#define DEFINE_ADD(NAME, TYPE, WIDE, SIGNED)                                                                                              \
    static int NAME(const TYPE *codes, const uint8_t *valid, size_t count, uint32_t size, uint32_t stride, uint32_t *cell) {              \
        int bad = 0;                                                                                                                      \
        if (valid == NULL) {                                                                                                              \
            for (size_t i = 0; i < count; i++) {                                                                                          \
                const WIDE code = (WIDE)codes[i];                                                                                         \
                bad |= SIGNED ? (WIDE)(code + 1) > size : code >= size;                                                                   \
                cell[i] += (code < size ? (uint32_t)code : size) * stride;                                                                \
            }                                                                                                                             \
        } else {                                                                                                                          \
            for (size_t i = 0; i < count; i++) {                                                                                          \
                const WIDE code = (WIDE)codes[i];                                                                                         \
                bad |= valid[i] & (SIGNED ? (WIDE)(code + 1) > size : code >= size);                                                      \
                cell[i] += (valid[i] && code < size ? (uint32_t)code : size) * stride;                                                    \
            }                                                                                                                             \
        }                                                                                                                                 \
        return bad;                                                                                                                       \
    }

DEFINE_ADD(add_int8, int8_t, uint32_t, 1)
DEFINE_ADD(add_int16, int16_t, uint32_t, 1)
DEFINE_ADD(add_int32, int32_t, uint32_t, 1)
DEFINE_ADD(add_int64, int64_t, uint64_t, 1)
DEFINE_ADD(add_uint8, uint8_t, uint32_t, 0)
DEFINE_ADD(add_uint16, uint16_t, uint32_t, 0)
DEFINE_ADD(add_uint32, uint32_t, uint32_t, 0)
DEFINE_ADD(add_uint64, uint64_t, uint64_t, 0)

static int add_codes(const sif_codes *codes, int64_t first, size_t count, uint32_t stride, uint32_t *cell) {
    uint8_t spread[BLOCK];
    const uint8_t *valid = NULL;
    if (codes->validity != NULL) {
        spread_validity(codes, first, count, spread);
        valid = spread;
    }
    const uint32_t size = (uint32_t)codes->size;
    switch (codes->kind) {
    case SIF_INT8:
        return add_int8((const int8_t *)codes->data + first, valid, count, size, stride, cell);
    case SIF_INT16:
        return add_int16((const int16_t *)codes->data + first, valid, count, size, stride, cell);
    case SIF_INT32:
        return add_int32((const int32_t *)codes->data + first, valid, count, size, stride, cell);
    case SIF_INT64:
        return add_int64((const int64_t *)codes->data + first, valid, count, size, stride, cell);
    case SIF_UINT8:
        return add_uint8((const uint8_t *)codes->data + first, valid, count, size, stride, cell);
    case SIF_UINT16:
        return add_uint16((const uint16_t *)codes->data + first, valid, count, size, stride, cell);
    case SIF_UINT32:
        return add_uint32((const uint32_t *)codes->data + first, valid, count, size, stride, cell);
    case SIF_UINT64:
        break;
    }
    return add_uint64((const uint64_t *)codes->data + first, valid, count, size, stride, cell);
}

/* The first row of a block whose group or grade is out of range; there is one. */
static sif_status offender(const sif_codes *groups, const sif_codes *grades, int64_t first) {
    for (int64_t i = first;; i++) {
        if (groups != NULL && !sif_code_fits(sif_code_at(groups, i), groups->size))
            return sif_fail(SIF_BAD_GROUP, i, sif_code_at(groups, i));
        if (!sif_code_fits(sif_code_at(grades, i), grades->size))
            return sif_fail(SIF_BAD_GRADE, i, sif_code_at(grades, i));
    }
}

/* The cells of the rows first .. first + count - 1; each is below n_cells unless the status says otherwise. */
static sif_status find_cells(const sif_codes *groups, const sif_codes *grades, int64_t first, size_t count, uint32_t *cell) {
    memset(cell, 0, count * sizeof *cell);
    int bad = add_codes(grades, first, count, 1, cell);
    if (groups != NULL)
        bad |= add_codes(groups, first, count, (uint32_t)grades->size + 1, cell);
    return bad ? offender(groups, grades, first) : sif_ok();
}

/* (groups + 1) x (grades + 1), or -1 where cells could not be told apart in 32 bits. */
static int64_t number_of_cells(const sif_codes *groups, const sif_codes *grades) {
    const int64_t rows = groups != NULL ? groups->size : 0;
    if (rows < 0 || grades->size < 0 || rows >= UINT32_MAX || grades->size >= UINT32_MAX)
        return -1;
    const uint64_t cells = ((uint64_t)rows + 1) * ((uint64_t)grades->size + 1);
    return cells < UINT32_MAX ? (int64_t)cells : -1;
}

static void increment_tables(const uint32_t *cell, size_t count, uint32_t *tables, size_t spacing) {
    size_t i = 0;
    for (; i + TABLES <= count; i += TABLES)
        for (size_t t = 0; t < TABLES; t++)
            tables[t * spacing + cell[i + t]]++;
    for (; i < count; i++)
        tables[cell[i]]++;
}

static void increment_table(const uint32_t *cell, size_t count, uint32_t *table) {
    for (size_t i = 0; i < count; i++)
        table[cell[i]]++;
}

sif_status sif_count_grades(int64_t n, const sif_codes *groups, const sif_codes *grades, int64_t *counts, const sif_watch *watch) {
    uint32_t *tables = NULL;
    sif_status status = sif_ok();
    const int64_t cells = number_of_cells(groups, grades);
    if (cells < 0)
        return sif_fail(SIF_TOO_LARGE, -1, groups != NULL ? groups->size : grades->size);
    const size_t n_cells = (size_t)cells;
    const size_t n_tables = n_cells <= MANY_CELLS ? TABLES : 1;
    const size_t spacing = n_cells + 16; /* tables at multiples of 4096 bytes would share their places in the cache */
    uint32_t cell[BLOCK];

    /* Few rows are not worth tables of their own. */
    if (n >= (int64_t)(2 * n_cells * n_tables)) {
        tables = calloc(n_tables * spacing, sizeof *tables);
        if (tables == NULL) {
            status = sif_fail(SIF_NO_MEMORY, -1, 0);
            goto done;
        }
    }
    for (int64_t start = 0; start < n; start += SIF_WATCH_ROWS) {
        const int64_t stop = n - start < SIF_WATCH_ROWS ? n : start + SIF_WATCH_ROWS;
        for (int64_t first = start; first < stop; first += BLOCK) {
            const size_t count = stop - first < BLOCK ? (size_t)(stop - first) : BLOCK;
            status = find_cells(groups, grades, first, count, cell);
            if (status.code != SIF_OK)
                goto done;
            if (tables == NULL)
                for (size_t i = 0; i < count; i++)
                    counts[cell[i]]++;
            else if (n_tables == 1)
                increment_table(cell, count, tables);
            else
                increment_tables(cell, count, tables, spacing);
        }
        /* A counter of 32 bits holds what 4095 rounds of 2^20 rows can bring: emptied at the end and every 2048 rounds. */
        if (tables != NULL && (stop == n || (start / SIF_WATCH_ROWS) % 2048 == 2047))
            for (size_t t = 0; t < n_tables; t++)
                for (size_t c = 0; c < n_cells; c++) {
                    counts[c] += tables[t * spacing + c];
                    tables[t * spacing + c] = 0;
                }
        if (sif_stop(watch)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
    }
done:
    free(tables);
    if (status.code != SIF_OK)
        for (size_t c = 0; c < n_cells; c++)
            counts[c] = SIF_VOID;
    return status;
}

/* Neumaier's step: what the addition loses is kept in `lost`. */
static inline void add_weight(double weight, double *sum, double *lost) {
    const double total = *sum + weight;
    *lost += fabs(*sum) >= fabs(weight) ? (*sum - total) + weight : (weight - total) + *sum;
    *sum = total;
}

sif_status sif_sum_weights(int64_t n, const sif_codes *groups, const sif_codes *grades, const double *weights, double *sums,
                           int64_t *unweighted, const sif_watch *watch) {
    sif_status status = sif_ok();
    const int64_t cells = number_of_cells(groups, grades);
    if (cells < 0)
        return sif_fail(SIF_TOO_LARGE, -1, groups != NULL ? groups->size : grades->size);
    const size_t n_cells = (size_t)cells;
    const uint32_t stride = (uint32_t)grades->size + 1;
    uint32_t cell[BLOCK];
    double *lost = calloc(n_cells, sizeof *lost);
    if (lost == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    for (int64_t first = 0; first < n; first += BLOCK) {
        const size_t count = n - first < BLOCK ? (size_t)(n - first) : BLOCK;
        status = find_cells(groups, grades, first, count, cell);
        if (status.code != SIF_OK)
            goto done;
        for (size_t i = 0; i < count; i++) {
            const double weight = weights[first + (int64_t)i];
            if (isnan(weight))
                unweighted[cell[i] / stride]++;
            else if (weight >= 0 && !isinf(weight))
                add_weight(weight, &sums[cell[i]], &lost[cell[i]]);
            else {
                status = sif_fail(SIF_BAD_WEIGHT, first + (int64_t)i, 0);
                goto done;
            }
        }
        if (first % SIF_WATCH_ROWS == 0 && sif_stop(watch)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
    }
    for (size_t c = 0; c < n_cells; c++)
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
