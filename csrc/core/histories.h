/* The ordered records of providers, read a block at a time and checked, for kernels that follow a provider from one inspection to the
 * next. Inside the core only. */
#ifndef SIF_HISTORIES_H
#define SIF_HISTORIES_H

#include "records.h"

enum {
    HISTORY_BLOCK = 1024,      /* records; what is read of a block stays in the first-level cache */
    MOST_PROVIDERS = INT32_MAX /* so that the difference of two keys fits 64 bits */
};

/* A record's key: the provider in the upper half, the day that places it, from -2^31 on, in the lower. Keys of ordered records rise, or
 * stay where two are of one day. */
typedef struct {
    const sif_records *records;
    const int64_t *order; /* NULL: the rows lie in order */
    int64_t first;        /* key[i + 1] belongs to place first + i of the order, */
    size_t count;
    int rises;                      /* no two of its records are of one day, nor of that of the record before the block */
    int64_t key[HISTORY_BLOCK + 1]; /* key[0] to the record before the block */
} history_block;

static inline sif_status start_history(history_block *block, const sif_records *records, const int64_t *order) {
    block->records = records;
    block->order = order;
    block->first = 0;
    block->count = 0;
    block->key[0] = -1;
    return records->provider.size <= MOST_PROVIDERS ? sif_ok() : sif_fail(SIF_TOO_LARGE, -1, records->provider.size);
}

static inline int64_t history_row(const history_block *block, size_t i) {
    return block->order != NULL ? block->order[block->first + (int64_t)i] : block->first + (int64_t)i;
}

/* Whether i's record comes after the one before it, of the same day: by publication, then by row, so that no row can come twice. Not for
 * the first of all places, of which the key before is -1. */
static inline int follows_on_its_day(const history_block *block, size_t i) {
    const int64_t place = block->first + (int64_t)i - 1, row = history_row(block, i);
    const int64_t before = block->order != NULL ? block->order[place] : place;
    const int64_t published = sif_published(block->records, row), published_before = sif_published(block->records, before);
    return published != published_before ? published > published_before : row > before;
}

/* The day of a record from -2^31 on; past UINT32_MAX where it is missing or fits no key. */
static inline uint64_t day_of_key(const sif_records *records, int64_t row) {
    return (uint64_t)sif_placed(records, row) - (uint64_t)INT32_MIN;
}

/* What is wrong with the block's first faulty record; SIF_OK where two of one day have made a block suspicious for nothing. */
static inline sif_status examine_history(const history_block *block) {
    const sif_records *const records = block->records;
    for (size_t i = 0; i < block->count; i++) {
        const int64_t row = history_row(block, i), provider = sif_code_at(&records->provider, row);
        if (provider < 0 || provider >= records->provider.size)
            return sif_fail(SIF_BAD_PROVIDER, row, provider);
        if (sif_placed(records, row) == SIF_NO_DAY)
            return sif_fail(SIF_NO_DATE, row, 0);
        if (day_of_key(records, row) > UINT32_MAX)
            return sif_fail(SIF_BAD_DAY, row, sif_placed(records, row));
        if (block->key[i + 1] < block->key[i] || (block->key[i + 1] == block->key[i] && !follows_on_its_day(block, i)))
            return sif_fail(SIF_UNORDERED, row, 0);
    }
    return sif_ok();
}

/* Loads the codes of the block's rows, -1 where missing. Returns whether one is out of range. */
static inline int load_history_codes(const sif_codes *codes, const history_block *block, int32_t *out) {
    int bad = 0;
    sif_load_codes(codes, block->order, block->first, block->count, out);
    for (size_t i = 0; i < block->count; i++)
        bad |= out[i] == SIF_NO_CODE;
    return bad;
}

/* Reads and checks the next block of records: those at the places that follow the last one's. */
static inline sif_status read_history(history_block *block) {
    const sif_records *const records = block->records;
    int32_t provider[HISTORY_BLOCK];
    block->key[0] = block->key[block->count];
    block->first += (int64_t)block->count;
    block->count = records->n - block->first < HISTORY_BLOCK ? (size_t)(records->n - block->first) : HISTORY_BLOCK;
    if (block->order != NULL)
        for (size_t i = 0; i < block->count; i++)
            if (history_row(block, i) < 0 || history_row(block, i) >= records->n)
                return sif_fail(SIF_BAD_ROW, block->first + (int64_t)i, history_row(block, i));
    sif_load_codes(&records->provider, block->order, block->first, block->count, provider);
    int32_t any = 0; /* negative where a provider is missing or out of range */
    for (size_t i = 0; i < block->count; i++)
        any |= provider[i];
    uint64_t high = 0;
    if (block->order == NULL && records->published == NULL) {
        const int64_t *const held = records->held + block->first;
        for (size_t i = 0; i < block->count; i++) {
            const uint64_t day = (uint64_t)held[i] - (uint64_t)INT32_MIN;
            high |= day;
            block->key[i + 1] = (int64_t)((uint64_t)(uint32_t)provider[i] << 32 | (day & UINT32_MAX));
        }
    } else {
        for (size_t i = 0; i < block->count; i++) {
            const uint64_t day = day_of_key(records, history_row(block, i));
            high |= day;
            block->key[i + 1] = (int64_t)((uint64_t)(uint32_t)provider[i] << 32 | (day & UINT32_MAX));
        }
    }
    int64_t fall = 0, no_rise = 0; /* negative once a key falls, or does not rise */
    for (size_t i = 0; i < block->count; i++) {
        /* Unsigned: the key of a faulty provider may lie too far from the next. */
        const uint64_t rise = (uint64_t)block->key[i + 1] - (uint64_t)block->key[i];
        fall |= (int64_t)rise;
        no_rise |= (int64_t)(rise - 1);
    }
    block->rises = no_rise >= 0;
    const int suspicious = fall < 0 || (no_rise < 0 && (records->published != NULL || block->order != NULL));
    return any < 0 || high > UINT32_MAX || suspicious ? examine_history(block) : sif_ok();
}

#endif
