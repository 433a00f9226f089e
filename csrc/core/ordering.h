/* Records ordered by provider and time, packed: for kernels that walk them without going back to the scattered rows. Inside the core only.
 */
#ifndef SIF_ORDERING_H
#define SIF_ORDERING_H

#include "sif.h"

enum { SIF_PUBLISHED, SIF_PLACED, SIF_PROVIDER, SIF_N_KEYS };

typedef struct {
    int64_t least; /* subtracted from the key */
    int bits;      /* that key - least, counted from 1, takes; 0 is for a missing key */
} sif_key_range;

typedef struct {
    uint64_t *memory;
    const uint64_t *words; /* in `memory`, a word a record in their order; NULL where the keys do not fit a word */
    sif_key_range range[SIF_N_KEYS];
    int shift[SIF_N_KEYS]; /* of each key in a word; below them a bit for a missing inspection date, and row_bits for the row */
    int row_bits;
    int by_difference; /* whether SIF_PUBLISHED is counted from the placing day */
} sif_ordering;

/* Sorts the records; the caller frees ordering->memory, whatever the status. provider.size <= INT32_MAX. */
sif_status sif_sort_records(const sif_records *records, sif_ordering *ordering, const sif_watch *watch);

/* The records first .. first + count - 1 of the order. words must not be NULL. */
void sif_unpack(const sif_ordering *ordering, int64_t first, size_t count, int64_t *row, int32_t *provider, int64_t *held,
                int64_t *published, int64_t *placed);

#endif
