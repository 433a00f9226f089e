/* Ordering records by provider and time.
 *
 * The keys (how much later than the placing day the report came, that day, the provider; from the least to the most significant) and the
 * row are packed into words of 64 bits as far as they fit, and the words are sorted by the bits of the keys only, a digit at a time, from
 * the lowest (radix sort; each pass scatters by counts, and is stable). Keys that don't fit one word take a further round over the rows as
 * ordered so far. */
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "ordering.h"
#include "records.h"

enum {
    BLOCK = 256,
    DIGIT = 12,                           /* bits, at most; 4096 counters stay in the first-level cache */
    DIGITS = (64 + DIGIT - 1) / DIGIT + 1 /* of a word, rounded up, and one more as digits are made equal in width */
};

typedef enum { PUBLISHED = SIF_PUBLISHED, PLACED = SIF_PLACED, PROVIDER = SIF_PROVIDER, N_KEYS = SIF_N_KEYS } key_name;
typedef sif_key_range key_range;

/* The keys of a block of rows. PUBLISHED is `published`, or what it is later than `placed`: it decides only between equal days, so either
 * will do, and the difference mostly spans fewer bits. */
typedef struct {
    int64_t held[BLOCK + 1], published[BLOCK + 1], placed[BLOCK + 1], row[BLOCK + 1];
    int32_t provider[BLOCK + 1];
} block;

static void load_block(const sif_records *records, const int64_t *order, int64_t first, size_t count, block *b) {
    for (size_t k = 0; k < count; k++)
        b->row[k] = order != NULL ? order[first + (int64_t)k] : first + (int64_t)k;
    for (size_t k = 0; k < count; k++)
        b->held[k] = records->held[b->row[k]];
    for (size_t k = 0; k < count; k++)
        b->published[k] = records->published != NULL ? records->published[b->row[k]] : SIF_NO_DAY;
    sif_grid_loops_now()->place(b->held, b->published, count, b->placed);
    sif_load_codes(&records->provider, order, first, count, b->provider);
}

static int bits_of(uint64_t value) {
    int bits = 0;
    for (; value != 0; value >>= 1)
        bits++;
    return bits;
}

typedef struct {
    int64_t least, most;
} span;

static inline void extend(span *s, int64_t value) {
    s->least = value < s->least ? value : s->least;
    s->most = value > s->most ? value : s->most;
}

/* Places run from 1, and 0 is for missing: of the span of days of any size, that 1 alone can fail to fit. */
static int make_range(const span *s, key_range *range) {
    if (s->least > s->most) { /* no row, or no date at all: the key tells nothing apart */
        *range = (key_range){0, 0};
        return 0;
    }
    const uint64_t width = (uint64_t)s->most - (uint64_t)s->least;
    *range = (key_range){s->least, bits_of(width + 1)};
    return width == UINT64_MAX ? -1 : 0;
}

/* One pass: checks every record, finds the range of each key, and whether the records lie in order already. */
static sif_status survey(const sif_records *records, key_range *ranges, int *by_difference, int *already, const sif_watch *watch) {
    const span none = {INT64_MAX, INT64_MIN};
    const int64_t far = (int64_t)1 << 61; /* differences of days nearer than this do not overflow */
    span published = none, placed = none, provider = none, difference = none;
    block b;
    *already = 1;
    for (int64_t first = 0; first < records->n; first += BLOCK) {
        const int64_t count = records->n - first < BLOCK ? records->n - first : BLOCK;
        if (first % SIF_WATCH_ROWS < BLOCK && sif_stop(watch))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        const int64_t with_next = records->n - first > count ? count + 1 : count;
        load_block(records, NULL, first, (size_t)with_next, &b);
        for (int64_t k = 0; k < count; k++) {
            if (b.provider[k] < 0)
                return sif_fail(SIF_BAD_PROVIDER, first + k, sif_code_at(&records->provider, first + k));
            if (b.placed[k] == SIF_NO_DAY)
                return sif_fail(SIF_NO_DATE, first + k, 0);
        }
        *already &= sif_grid_loops_now()->is_ordered(b.provider, b.placed, b.published, b.row, (size_t)(with_next - 1));
        for (int64_t k = 0; k < count; k++) {
            extend(&provider, b.provider[k]);
            extend(&placed, b.placed[k]);
        }
        for (int64_t k = 0; k < count; k++)
            if (b.published[k] != SIF_NO_DAY) {
                extend(&published, b.published[k]);
                const int is_near = b.published[k] < far && b.published[k] > -far && b.placed[k] < far && b.placed[k] > -far;
                extend(&difference, is_near ? b.published[k] - b.placed[k] : b.published[k] < 0 ? -far : far);
            }
    }
    if (make_range(&placed, &ranges[PLACED]) != 0 || make_range(&published, &ranges[PUBLISHED]) != 0)
        return sif_fail(SIF_TOO_LARGE, -1, placed.most > published.most ? placed.most : published.most);
    (void)make_range(&provider, &ranges[PROVIDER]);
    key_range narrow;
    *by_difference = 0;
    if (make_range(&difference, &narrow) == 0 && narrow.bits < ranges[PUBLISHED].bits && difference.least > -far && difference.most < far) {
        ranges[PUBLISHED] = narrow;
        *by_difference = 1;
    }
    return sif_ok();
}

static inline uint64_t place_of(const block *b, key_name key, int by_difference, const key_range *range, size_t k) {
    if (key == PROVIDER)
        return (uint64_t)(b->provider[k] - range->least) + 1;
    if (key == PLACED)
        return (uint64_t)b->placed[k] - (uint64_t)range->least + 1;
    if (b->published[k] == SIF_NO_DAY)
        return 0;
    return (uint64_t)b->published[k] - (by_difference ? (uint64_t)b->placed[k] : 0) - (uint64_t)range->least + 1;
}

/* Sorts words by their bits from `low` up to `high`; `spare` is as large. All digits are counted in one pass. Returns the one of the two
 * that holds the result, or NULL where the watch says stop. */
static uint64_t *sort_words(uint64_t *words, uint64_t *spare, int64_t n, int low, int high, int64_t (*place)[1 << DIGIT],
                            const sif_watch *watch) {
    const int digits = (high - low + DIGIT - 1) / DIGIT;
    const int width = digits > 0 ? (high - low + digits - 1) / digits : 0;
    const uint64_t mask = ((uint64_t)1 << width) - 1;
    memset(place, 0, (size_t)digits * sizeof *place);
    for (int64_t i = 0; i < n; i++)
        for (int digit = 0; digit < digits; digit++)
            place[digit][words[i] >> (low + digit * width) & mask]++;
    for (int digit = 0; digit < digits; digit++) {
        const int shift = low + digit * width;
        int64_t next = 0;
        for (uint64_t value = 0; value <= mask; value++) {
            const int64_t count = place[digit][value];
            place[digit][value] = next;
            next += count;
        }
        for (int64_t i = 0; i < n; i++) {
            if (i % SIF_WATCH_ROWS == SIF_WATCH_ROWS - 1 && sif_stop(watch))
                return NULL;
            spare[place[digit][words[i] >> shift & mask]++] = words[i];
        }
        uint64_t *const sorted = spare;
        spare = words;
        words = sorted;
    }
    return words;
}

/* Words of all keys, a bit for a missing inspection date, and the row; sorted by the keys. words NULL: they do not fit. */
static sif_status sort_in_one_word(const sif_records *records, const key_range *ranges, int by_difference, sif_ordering *ordering,
                                   const sif_watch *watch) {
    const int64_t n = records->n;
    const int row_bits = bits_of((uint64_t)n - 1), low = row_bits + 1;
    int shift[N_KEYS], high = low;
    for (int k = 0; k < N_KEYS; k++) {
        shift[k] = high < 64 ? high : 63; /* a key of no bits at the top is 0: any shift will do */
        high += ranges[k].bits;
    }
    *ordering = (sif_ordering){.row_bits = row_bits, .by_difference = by_difference};
    if (high > 64)
        return sif_ok();
    int64_t(*const place)[1 << DIGIT] = malloc(DIGITS * sizeof *place);
    if ((uint64_t)n <= SIZE_MAX / (2 * sizeof(uint64_t)))
        ordering->memory = malloc((size_t)n * 2 * sizeof *ordering->memory);
    if (place == NULL || ordering->memory == NULL) {
        free(place);
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    }
    block b;
    for (int64_t first = 0; first < n; first += BLOCK) {
        const size_t count = n - first < BLOCK ? (size_t)(n - first) : BLOCK;
        uint64_t *const words = ordering->memory + first;
        load_block(records, NULL, first, count, &b);
        for (size_t k = 0; k < count; k++)
            words[k] = ((uint64_t)first + k) | (uint64_t)(b.held[k] == SIF_NO_DAY) << row_bits |
                       place_of(&b, PROVIDER, by_difference, &ranges[PROVIDER], k) << shift[PROVIDER] |
                       place_of(&b, PLACED, by_difference, &ranges[PLACED], k) << shift[PLACED];
        if (ranges[PUBLISHED].bits > 0)
            for (size_t k = 0; k < count; k++)
                words[k] |= place_of(&b, PUBLISHED, by_difference, &ranges[PUBLISHED], k) << shift[PUBLISHED];
    }
    ordering->words = sort_words(ordering->memory, ordering->memory + n, n, low, high, place, watch);
    free(place);
    for (int k = 0; k < N_KEYS; k++) {
        ordering->range[k] = ranges[k];
        ordering->shift[k] = shift[k];
    }
    return ordering->words != NULL ? sif_ok() : sif_fail(SIF_INTERRUPTED, -1, 0);
}

sif_status sif_sort_records(const sif_records *records, sif_ordering *ordering, const sif_watch *watch) {
    key_range ranges[N_KEYS];
    int by_difference, already;
    *ordering = (sif_ordering){.words = NULL};
    const sif_status status = survey(records, ranges, &by_difference, &already, watch);
    return status.code == SIF_OK && records->n > 1 ? sort_in_one_word(records, ranges, by_difference, ordering, watch) : status;
}

void sif_unpack(const sif_ordering *o, int64_t first, size_t count, int64_t *row, int32_t *provider, int64_t *held, int64_t *published,
                int64_t *placed) {
    uint64_t mask[N_KEYS];
    for (int k = 0; k < N_KEYS; k++)
        mask[k] = ((uint64_t)1 << o->range[k].bits) - 1; /* bits < 64: a row takes one at least */
    const uint64_t *const words = o->words + first, row_mask = ((uint64_t)1 << o->row_bits) - 1;
    for (size_t i = 0; i < count; i++) {
        const uint64_t word = words[i];
        row[i] = (int64_t)(word & row_mask);
        provider[i] = (int32_t)((int64_t)(word >> o->shift[PROVIDER] & mask[PROVIDER]) - 1 + o->range[PROVIDER].least);
        placed[i] = (int64_t)((word >> o->shift[PLACED] & mask[PLACED]) - 1 + (uint64_t)o->range[PLACED].least);
        held[i] = word >> o->row_bits & 1 ? SIF_NO_DAY : placed[i];
        const uint64_t place = word >> o->shift[PUBLISHED] & mask[PUBLISHED];
        const uint64_t base = (uint64_t)o->range[PUBLISHED].least + (o->by_difference ? (uint64_t)placed[i] : 0);
        published[i] = place == 0 ? SIF_NO_DAY : (int64_t)(place - 1 + base);
    }
}

sif_status sif_order_records(const sif_records *records, int64_t *order, int *already, const sif_watch *watch) {
    const int64_t n = records->n;
    uint64_t *memory = NULL;
    int64_t(*place)[1 << DIGIT] = NULL;
    sif_ordering ordering = {.words = NULL};
    key_range ranges[N_KEYS];
    int by_difference;
    block b;
    sif_status status = records->provider.size <= INT32_MAX ? survey(records, ranges, &by_difference, already, watch)
                                                            : sif_fail(SIF_TOO_LARGE, -1, records->provider.size);
    if (status.code != SIF_OK)
        goto done;
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    if (*already)
        goto done;
    status = sort_in_one_word(records, ranges, by_difference, &ordering, watch);
    if (status.code != SIF_OK)
        goto done;
    if (ordering.words != NULL) {
        const uint64_t rows = ((uint64_t)1 << ordering.row_bits) - 1;
        for (int64_t i = 0; i < n; i++)
            order[i] = (int64_t)(ordering.words[i] & rows);
        goto done;
    }
    place = malloc(DIGITS * sizeof *place);
    if ((uint64_t)n <= SIZE_MAX / (2 * sizeof *memory))
        memory = malloc((size_t)n * 2 * sizeof *memory);
    if (place == NULL || memory == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    const int row_bits = bits_of((uint64_t)n - 1);
    const uint64_t row_mask = ((uint64_t)1 << row_bits) - 1;
    int key = 0, taken = 0; /* `taken` bits of `key` are ordered already */
    for (int round = 0; key < N_KEYS; round++) {
        /* What fits above the row's position: whole keys, and where a key does not fit, its lower bits first. */
        struct {
            int key, from, to; /* the key's bits from `from` on go to the word's bits from `to` on */
            uint64_t mask;
        } parts[N_KEYS];
        int n_parts = 0, high = row_bits;
        while (key < N_KEYS && high < 64) {
            const int left = ranges[key].bits - taken, bits = left < 64 - high ? left : 64 - high;
            if (bits > 0) {
                parts[n_parts].key = key;
                parts[n_parts].from = taken;
                parts[n_parts].to = high;
                parts[n_parts++].mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
            }
            high += bits;
            taken += bits;
            if (taken == ranges[key].bits) {
                key++;
                taken = 0;
            }
        }
        for (int64_t first = 0; first < n; first += BLOCK) {
            const size_t count = n - first < BLOCK ? (size_t)(n - first) : BLOCK;
            uint64_t *const words = memory + first;
            load_block(records, round > 0 ? order : NULL, first, count, &b);
            for (size_t k = 0; k < count; k++)
                words[k] = (uint64_t)first + k;
            for (int p = 0; p < n_parts; p++) {
                const key_name name = (key_name)parts[p].key;
                for (size_t k = 0; k < count; k++)
                    words[k] |= (place_of(&b, name, by_difference, &ranges[name], k) >> parts[p].from & parts[p].mask) << parts[p].to;
            }
        }
        const uint64_t *const words = sort_words(memory, memory + n, n, row_bits, high, place, watch);
        if (words == NULL || sif_stop(watch)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
        /* The words hold positions in the order so far; the rows found there go to the other half before they are copied back. */
        uint64_t *const rows = words == memory ? memory + n : memory;
        for (int64_t i = 0; i < n; i++)
            rows[i] = (uint64_t)order[words[i] & row_mask];
        memcpy(order, rows, (size_t)n * sizeof *order);
    }
done:
    free(place);
    free(memory);
    free(ordering.memory);
    if (status.code != SIF_OK)
        for (int64_t i = 0; i < n; i++)
            order[i] = SIF_VOID;
    return status;
}
