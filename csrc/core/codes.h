/* Reading codes one at a time and in blocks, shared by the kernels. Inside the core only. */
#ifndef SIF_CODES_H
#define SIF_CODES_H

#include "status.h"

/* A number of an input, read once. Others may write there during the call (see sif.h), and compilers may read plain memory twice, to
 * check one value and use another. Loops that compilers vectorise take blocks instead: copies that nobody else knows. */
static inline int64_t sif_once(const int64_t *numbers, int64_t i) {
    return ((const volatile int64_t *)numbers)[i];
}

static inline double sif_once_double(const double *numbers, int64_t i) {
    return ((const volatile double *)numbers)[i];
}

/* Whether the bitmap calls row i valid; there must be a bitmap. */
static inline int sif_is_valid(const sif_codes *codes, int64_t i) {
    const int64_t bit = codes->validity_offset + i;
    return codes->validity[bit >> 3] >> (bit & 7) & 1;
}

/* Of a column that says which rows are valid by 0xFF or 0: all bits where row i is, and none where it is not. NULL: all are. */
static inline int8_t sif_bits_if_valid(const uint8_t *valid, size_t i) {
    return valid != NULL ? (int8_t)valid[i] : -1;
}

/* Row i's code, read once; -1 where the bitmap says missing. A code past INT64_MAX is given as INT64_MIN, which no size admits. */
static inline int64_t sif_code_at(const sif_codes *codes, int64_t i) {
    if (codes->validity != NULL && !sif_is_valid(codes, i))
        return -1;
    switch (codes->kind) {
    case SIF_INT8:
        return ((const volatile int8_t *)codes->data)[i];
    case SIF_INT16:
        return ((const volatile int16_t *)codes->data)[i];
    case SIF_INT32:
        return ((const volatile int32_t *)codes->data)[i];
    case SIF_INT64:
        return ((const volatile int64_t *)codes->data)[i];
    case SIF_UINT8:
        return ((const volatile uint8_t *)codes->data)[i];
    case SIF_UINT16:
        return ((const volatile uint16_t *)codes->data)[i];
    case SIF_UINT32:
        return ((const volatile uint32_t *)codes->data)[i];
    default: /* SIF_UINT64 */
        break;
    }
    const uint64_t code = ((const volatile uint64_t *)codes->data)[i];
    return code > INT64_MAX ? INT64_MIN : (int64_t)code;
}

static inline size_t sif_width_of(const sif_codes *codes) {
    static const size_t widths[] = {[SIF_INT8] = 1,  [SIF_INT16] = 2,  [SIF_INT32] = 4,  [SIF_INT64] = 8,
                                    [SIF_UINT8] = 1, [SIF_UINT16] = 2, [SIF_UINT32] = 4, [SIF_UINT64] = 8};
    return widths[codes->kind];
}

static inline const void *sif_row_of(const sif_codes *codes, int64_t row) {
    return (const char *)codes->data + row * (int64_t)sif_width_of(codes);
}

/* Asks the processor to bring memory near. No result depends on it. */
#if defined(__GNUC__)
#define SIF_FETCH(address) __builtin_prefetch((address), 0, 2)
#define SIF_FETCH_FOR_WRITING(address) __builtin_prefetch((address), 1)
#else
#define SIF_FETCH(address) (void)(address)
#define SIF_FETCH_FOR_WRITING(address) (void)(address)
#endif

/* Asks for the rows that lie SIF_ROWS_AHEAD after the `count` rows of a column from `row` on. Loops over blocks read several columns in
 * turn, and each for too short a stretch to be foreseen by the processor. Past the column's end there is nothing to bring. */
enum { SIF_ROWS_AHEAD = 512, SIF_LINE = 64 };

static inline void sif_fetch_ahead(const void *row, size_t count, size_t width) {
    const uintptr_t ahead = (uintptr_t)row + SIF_ROWS_AHEAD * width;
    for (uintptr_t line = ahead; line < ahead + count * width; line += SIF_LINE)
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): a pointer must not leave its array; this address is never read */
        SIF_FETCH((const void *)line);
}

/* True for -1 (missing) and 0 .. size - 1. */
static inline int sif_code_fits(int64_t code, int64_t size) {
    return code >= -1 && code < size;
}

#endif
