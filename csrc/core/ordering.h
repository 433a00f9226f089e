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
    /* Writes it for `rows`, or where that is NULL for the rows first .. first + count - 1; count <= SIF_CARRIED_BLOCK. Returns non-zero
     * where one of them is at fault. */
    int (*load)(const void *context, const int64_t *rows, int64_t first, size_t count, uint64_t *carried);
    const void *context;
} sif_carried;

enum { SIF_CARRIED_BLOCK = 256 };

/* Words of records in their order. */
typedef struct {
    int64_t n;
    const uint64_t *words; /* n */
    sif_layout layout;     /* of the keys in a word, above what is carried */
} sif_ordering;

/* The eligible records, sorted a slice of the providers at a time, from the first provider to the last. */
typedef struct sif_slices sif_slices;

/* Looks at all records of the providers (codes first .. stop - 1; NULL: all), eligible or not; and at the provider of every other record.
 * The caller ends the slices, whatever the status. `records` and `carried` stay in use. provider.size <= INT32_MAX. */
sif_status sif_start_slices(const sif_records *records, const sif_piece *providers, const sif_carried *carried, sif_slices **slices,
                            const sif_interrupt_check *interrupt);

/* Whether keys and what is carried fit a word. Where they do not there are no slices. */
int sif_are_words(const sif_slices *slices);
const sif_layout *sif_layout_of(const sif_slices *slices);

/* Sorts the next slice, which may have no record that takes part; its words last until the next. After the last slice `words` is NULL.
 * SIF_UNORDERED: carried->load has found a fault. */
sif_status sif_next_slice(sif_slices *slices, sif_ordering *slice, const sif_interrupt_check *interrupt);

void sif_end_slices(sif_slices *slices);

/* Sorts n words by their bits from `low` up to `high`, stably; `spare` is as large. sorted: the one of the two that holds them then. */
sif_status sif_sort_words(uint64_t *words, uint64_t *spare, int64_t n, int low, int high, const uint64_t **sorted,
                          const sif_interrupt_check *interrupt);

/* As malloc and free, for memory that is written to in many places at once; to free it takes the bytes that were asked for. */
void *sif_allocate_large(size_t bytes);
void *sif_allocate_zeros(size_t bytes);
void sif_free_large(void *memory, size_t bytes);

#endif
