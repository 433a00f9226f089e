/* Records ordered by provider and time, packed into words, for kernels that walk them without going back to the scattered rows. Inside
 * the core only. */
#ifndef SIF_ORDERING_H
#define SIF_ORDERING_H

#include "grid_loops.h"

/* How many bits a number takes; 0 takes none. */
static inline int sif_bits_of(uint64_t value) {
    int bits = 0;
    for (; value != 0; value >>= 1)
        bits++;
    return bits;
}

/* The lowest bits set, fewer than 64. */
static inline uint64_t sif_lowest_bits(int bits) {
    return ((uint64_t)1 << bits) - 1;
}

/* What each record takes along, in the lower `bits` bits of its word. */
typedef struct {
    int bits;
    /* Writes it for the rows first .. first + count - 1, at most SIF_CARRIED_BLOCK. Returns non-zero where one of them is at fault. */
    int (*load)(const void *context, int64_t first, size_t count, uint64_t *carried);
    const void *context;
} sif_carried;

enum { SIF_CARRIED_BLOCK = 256 };

typedef struct {
    int64_t n;         /* records that take part */
    uint64_t *words;   /* n, one word per record, in their order; NULL where the keys do not fit a word */
    sif_layout layout; /* of the keys in a word, above what is carried */
} sif_ordering;

/* Sorts the eligible records. Every record is checked, eligible or not. The caller frees the words by sif_free_ordering, whatever the
 * status. provider.size <= INT32_MAX. SIF_UNORDERED: carried->load has found a fault. */
sif_status sif_sort_records(const sif_records *records, const sif_carried *carried, sif_ordering *ordering,
                            const sif_interrupt_check *interrupt);

/* Sorts n words by their bits from `low` up to `high`, stably; `spare` is as large. sorted: the one of the two that holds them then. */
sif_status sif_sort_words(uint64_t *words, uint64_t *spare, int64_t n, int low, int high, const uint64_t **sorted,
                          const sif_interrupt_check *interrupt);

/* As malloc and free, for memory that is written to in many places at once; to free it takes the bytes that were asked for. */
void *sif_allocate_large(size_t bytes);
void *sif_allocate_zeros(size_t bytes);
void sif_free_large(void *memory, size_t bytes);

void sif_free_ordering(sif_ordering *ordering);

#endif
