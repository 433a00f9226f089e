/* Ordering records by provider and time.
 *
 * The keys (publication, day, provider; from the least to the most significant) and the row number are packed into words of 64 bits as
 * far as they fit, and the words are sorted by the bits of the keys only, a digit at a time, from the lowest (radix sort; each pass
 * counts and scatters, and is stable). Keys that don't fit one word take a further round over the rows as ordered so far. */
#include <stdlib.h>

#include "records.h"

enum { DIGIT = 11 /* bits; 2048 counters stay in the first-level cache */ };

typedef enum { PUBLISHED, PLACED, PROVIDER, N_KEYS } key_name;

typedef struct {
    int64_t least; /* subtracted from the key */
    int bits;      /* that key - least takes */
} key_range;

static inline int64_t key_of(const sif_records *records, key_name key, int64_t i) {
    switch (key) {
    case PUBLISHED:
        return sif_published(records, i);
    case PLACED:
        return sif_placed(records, i);
    default:
        return sif_code_at(&records->provider, i);
    }
}

static int bits_of(uint64_t value) {
    int bits = 0;
    for (; value != 0; value >>= 1)
        bits++;
    return bits;
}

/* One pass: checks every record, finds the span of each key, and whether the records lie in order already. */
static sif_status survey(const sif_records *records, key_range *ranges, int *already, const sif_watch *watch) {
    int64_t least[N_KEYS] = {INT64_MAX, INT64_MAX, INT64_MAX}, most[N_KEYS] = {INT64_MIN, INT64_MIN, INT64_MIN};
    int64_t before[N_KEYS] = {INT64_MIN, INT64_MIN, INT64_MIN};
    *already = 1;
    for (int64_t i = 0; i < records->n; i++) {
        if (i % SIF_WATCH_ROWS == SIF_WATCH_ROWS - 1 && sif_stop(watch))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        const int64_t key[N_KEYS] = {sif_published(records, i), sif_placed(records, i), sif_code_at(&records->provider, i)};
        if (key[PROVIDER] < 0 || key[PROVIDER] >= records->provider.size)
            return sif_fail(SIF_BAD_PROVIDER, i, key[PROVIDER]);
        if (key[PLACED] == SIF_NO_DAY)
            return sif_fail(SIF_NO_DATE, i, 0);
        *already &= key[PROVIDER] > before[PROVIDER] ||
                    (key[PROVIDER] == before[PROVIDER] &&
                     (key[PLACED] > before[PLACED] || (key[PLACED] == before[PLACED] && key[PUBLISHED] >= before[PUBLISHED])));
        for (int k = 0; k < N_KEYS; k++) {
            before[k] = key[k];
            /* A missing publication takes the place just below the least day that occurs. */
            if (key[k] < least[k] && key[k] != SIF_NO_DAY)
                least[k] = key[k];
            if (key[k] > most[k])
                most[k] = key[k];
        }
    }
    for (int k = 0; k < N_KEYS; k++) {
        const int none = most[k] == INT64_MIN; /* no row, or no publication date at all: the key tells nothing apart */
        ranges[k].least = none ? 0 : least[k];
        /* + 1: places from 1 on, 0 for missing. The span of two days of any size fits 64 bits unsigned but for that 1. */
        const uint64_t span = none ? 0 : (uint64_t)most[k] - (uint64_t)least[k];
        if (span == UINT64_MAX)
            return sif_fail(SIF_TOO_LARGE, -1, most[k]);
        ranges[k].bits = none ? 0 : bits_of(span + 1);
    }
    return sif_ok();
}

static inline uint64_t place_of(const sif_records *records, key_name key, const key_range *range, int64_t i) {
    const int64_t value = key_of(records, key, i);
    return range->bits == 0 || value == SIF_NO_DAY ? 0 : (uint64_t)value - (uint64_t)range->least + 1;
}

/* Sorts words by their bits from `low` up to `high`; `spare` is as large. Returns the one of the two that holds the result. */
static uint64_t *sort_words(uint64_t *words, uint64_t *spare, int64_t n, int low, int high) {
    for (int shift = low; shift < high; shift += DIGIT) {
        const int width = high - shift < DIGIT ? high - shift : DIGIT;
        const uint64_t mask = ((uint64_t)1 << width) - 1;
        int64_t place[1 << DIGIT] = {0};
        for (int64_t i = 0; i < n; i++)
            place[words[i] >> shift & mask]++;
        int64_t next = 0;
        for (uint64_t digit = 0; digit <= mask; digit++) {
            const int64_t count = place[digit];
            place[digit] = next;
            next += count;
        }
        for (int64_t i = 0; i < n; i++)
            spare[place[words[i] >> shift & mask]++] = words[i];
        uint64_t *const sorted = spare;
        spare = words;
        words = sorted;
    }
    return words;
}

sif_status sif_order_records(const sif_records *records, int64_t *order, int *already, const sif_watch *watch) {
    const int64_t n = records->n;
    uint64_t *memory = NULL;
    key_range ranges[N_KEYS];
    sif_status status = survey(records, ranges, already, watch);
    if (status.code != SIF_OK)
        goto done;
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    if (*already)
        goto done;
    if ((uint64_t)n > SIZE_MAX / (2 * sizeof *memory) || (memory = malloc((size_t)n * 2 * sizeof *memory)) == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    const int row_bits = bits_of((uint64_t)n - 1);
    const uint64_t row_mask = ((uint64_t)1 << row_bits) - 1;
    int key = 0, taken = 0; /* `taken` bits of `key` are ordered already */
    while (key < N_KEYS) {
        /* Pack what fits above the row's position: whole keys, and where a key alone does not fit, its lower bits first. */
        int high = row_bits;
        uint64_t *words = memory;
        for (int64_t i = 0; i < n; i++)
            words[i] = (uint64_t)i;
        while (key < N_KEYS && high < 64) {
            const int left = ranges[key].bits - taken;
            const int bits = left < 64 - high ? left : 64 - high;
            if (bits > 0) {
                const uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
                for (int64_t i = 0; i < n; i++)
                    words[i] |= (place_of(records, (key_name)key, &ranges[key], order[i]) >> taken & mask) << high;
            }
            high += bits;
            taken += bits;
            if (taken == ranges[key].bits) {
                key++;
                taken = 0;
            }
        }
        if (sif_stop(watch)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
        words = sort_words(words, memory + n, n, row_bits, high);
        /* The words hold positions in the order so far; the row found there is written to the other half before it is copied back. */
        uint64_t *const rows = words == memory ? memory + n : memory;
        for (int64_t i = 0; i < n; i++)
            rows[i] = (uint64_t)order[words[i] & row_mask];
        for (int64_t i = 0; i < n; i++)
            order[i] = (int64_t)rows[i];
    }
done:
    free(memory);
    if (status.code != SIF_OK)
        for (int64_t i = 0; i < n; i++)
            order[i] = SIF_VOID;
    return status;
}
