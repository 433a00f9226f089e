/* The ordered records of providers, read a block at a time and checked, for kernels that follow a provider from one inspection to the
 * next. Inside the core only. */
#ifndef SIF_HISTORIES_H
#define SIF_HISTORIES_H

#include "records.h"

enum {
    HISTORY_BLOCK = 256,       /* records; 50 bytes are made of each, so that a block stays in the first-level cache */
    MOST_PROVIDERS = INT32_MAX /* so that the difference of two keys fits 64 bits */
};

/* A record's key has the provider in its upper half and the day that dates the record, counted from -2^31, in its lower half. Keys of
 * ordered records rise, or are equal where two are of one day. */
typedef struct {
    const sif_records *records;
    const int64_t *order; /* NULL: the rows lie in order */
    int64_t first;        /* key[i + 1] belongs to place first + i of the order, */
    size_t count;
    int64_t stop;               /* one past the last place to read */
    int rises;                  /* no two of its records are of one day, and the first is not of the day of the record before the block */
    int is_cut;                 /* what follows the block in the order is no row */
    int is_faulty;              /* a record of the block, or a code beside it, is at fault for certain */
    int64_t row_before;         /* the row at the place before the block, where there is one */
    int64_t row[HISTORY_BLOCK]; /* the rows of the block's places and of the one that cuts it, as `order` named them when they were read */
    int64_t key[HISTORY_BLOCK + 1]; /* key[0] to the record before the block */
} sif_history;

/* A column of codes beside the records, and what it means if one of them is out of range. */
typedef struct {
    const sif_codes *codes; /* NULL: no such column */
    sif_code fault;
} sif_column;

/* The first place from `place` on where another provider follows, so that a piece may begin there. `order` may name rows that there are
 * not. */
int64_t sif_next_provider(const sif_records *records, const int64_t *order, int64_t place);

/* The provider at the place before `place`. -1 where there is no such place, row or provider, which the piece before finds out. */
int64_t sif_provider_before(const sif_records *records, const int64_t *order, int64_t place);

/* Before the first block of a piece (NULL: all). */
sif_status sif_start_history(sif_history *block, const sif_records *records, const int64_t *order, const sif_piece *piece);

/* Reads the next block: the records at the following places, up to the first place that names no row. Returns whether the block may
 * have a fault, which sif_first_fault then looks for. */
int sif_read_history(sif_history *block);

/* The codes of the block's records, as sif_load_codes gives them: whoever uses them as a place limits them first. */
void sif_read_codes(const sif_history *block, const sif_codes *codes, int32_t *out);

/* What is wrong with a row, wherever it stands: with its record, and with its codes. */
sif_status sif_fault_of_record(const sif_records *records, int64_t row);
sif_status sif_fault_of_codes(const sif_column *columns, size_t n_columns, int64_t row);

/* The fault of the first faulty place of the block: that of its record, or else of its columns. Where none is found, SIF_CHANGED if the
 * block is faulty, else SIF_OK. */
sif_status sif_first_fault(const sif_history *block, const sif_column *columns, size_t n_columns);

static inline int64_t sif_history_row(const sif_history *block, size_t i) {
    return block->order != NULL ? block->row[i] : block->first + (int64_t)i;
}

/* Of a record without a fault. */
static inline int64_t sif_history_provider(const sif_history *block, size_t i) {
    return block->key[i + 1] >> 32;
}

static inline int64_t sif_history_day(const sif_history *block, size_t i) {
    return (block->key[i + 1] & UINT32_MAX) + INT32_MIN;
}

static inline int sif_has_more_history(const sif_history *block) {
    return block->first + (int64_t)block->count < block->stop;
}

#endif
