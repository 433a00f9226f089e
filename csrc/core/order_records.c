/* Ordering records by provider and time.
 *
 * A record is ordered by its provider, then by the day that dates it, then by how much later its report came. These keys and what a
 * record takes along, such as its row, are packed into a word of 64 bits. The words are scattered into buckets by the provider's upper
 * bits, so that each bucket fits the caches next to the processor. There it is sorted by the other bits, one digit at a time, from the
 * lowest (radix sort: each pass scatters by counts, and is stable). Where the keys do not fit one word, the rows are sorted in several
 * rounds, each by the bits above those of the round before. */
#include <stdlib.h>
#include <string.h>

#include "code_loops.h"
#include "grid_loops.h"
#include "ordering.h"
#include "records.h"

enum {
    KEY_BLOCK = SIF_CARRIED_BLOCK,
    DIGIT = 12,      /* bits, at most; 4096 counters stay in the first-level cache */
    SMALL_DIGIT = 9, /* where there are few words, so that counters do not cost more than words */
    FEW_WORDS = 1 << 14,
    BUCKET_WORDS = 2048, /* wanted in a bucket; with as many to spare they stay in the first-level cache */
    BUCKET_BITS = 10     /* at most: more buckets than that are more places to write to than the caches can keep */
};

typedef enum { PUBLISHED = SIF_PUBLISHED, DATED = SIF_DATED, PROVIDER = SIF_PROVIDER, N_KEYS = SIF_N_KEYS } key_name;

/* The keys of a block of rows, and of the row after it. The key PUBLISHED is `published`, or how much later than `dated` that is. It
 * decides between equal days alone, so either will do; the difference mostly takes fewer bits. */
typedef struct {
    int64_t dated[KEY_BLOCK + 1], row[KEY_BLOCK + 1], published[KEY_BLOCK + 1], inspected[KEY_BLOCK + 1];
    int32_t provider[KEY_BLOCK + 1];
} key_block;

/* Prepares a block for rows as they lie, whose numbers rise. */
static void start_key_block(key_block *b) {
    for (int64_t k = 0; k <= KEY_BLOCK; k++)
        b->row[k] = k;
}

/* Of `rows`, or of the rows from `first` on where that is NULL. */
static void load_key_block(const sif_records *records, const int64_t *rows, int64_t first, size_t count, key_block *b) {
    if (rows == NULL)
        sif_fetch_records_ahead(records, first, count);
    sif_load_inspected(records, rows, first, count, b->inspected);
    sif_load_published(records, rows, first, count, b->published);
    sif_grid_loops_now()->find_dates(b->inspected, b->published, count, b->dated);
    sif_load_codes(&records->provider, rows, first, count, b->provider);
}

/* A provider's upper bits say into which bucket it falls. */
typedef struct {
    int bits, shift;
    int64_t n;
    int64_t start[(1 << BUCKET_BITS) + 1]; /* of each bucket among the words, and the number of words */
    int64_t next[1 << BUCKET_BITS];        /* place in each bucket, while they are filled */
} buckets;

static void size_buckets(int64_t n, int64_t n_providers, buckets *all) {
    const int wanted = sif_bits_of((uint64_t)n / BUCKET_WORDS), of_provider = n_providers > 1 ? sif_bits_of((uint64_t)n_providers - 1) : 0;
    const int most = of_provider < BUCKET_BITS ? of_provider : BUCKET_BITS;
    all->bits = wanted < most ? wanted : most;
    all->shift = of_provider - all->bits;
    all->n = (int64_t)1 << all->bits;
    memset(all->start, 0, sizeof all->start);
}

/* Places are counted from 1, and 0 is for missing. INT64_MIN is for missing and so no day: the last place is below 2^64. */
static sif_key_range range_of(int64_t least, int64_t most) {
    if (least > most) /* there is no row, or no date at all: the key decides nothing */
        return (sif_key_range){0, 0};
    return (sif_key_range){least, sif_bits_of((uint64_t)most - (uint64_t)least + 1)};
}

/* All bits of the loaded codes. Where one is missing or out of range the highest is among them: then it, or what it lacks to the last
 * provider, is negative. */
static uint32_t bits_of_providers(const sif_records *records, const int32_t *provider, size_t count) {
    const uint32_t last = (uint32_t)records->provider.size - 1;
    uint32_t any = 0, lacking = 0;
    for (size_t k = 0; k < count; k++) {
        any |= (uint32_t)provider[k];
        lacking |= last - (uint32_t)provider[k];
    }
    return any | (lacking & (uint32_t)1 << 31);
}

/* One pass: checks every record, finds the range of each key and how many records fall into each bucket, and whether the records lie in
 * order already. */
static sif_status survey(const sif_records *records, sif_layout *layout, buckets *all, int *already, const sif_interrupt_check *interrupt) {
    const int64_t far = (int64_t)1 << 61; /* differences of days nearer than this do not overflow */
    const sif_grid_loops *const loops = sif_grid_loops_now();
    sif_spans spans = {{INT64_MAX, INT64_MIN}, {INT64_MAX, INT64_MIN}, {INT64_MAX, INT64_MIN}};
    uint32_t of_providers = 0;
    key_block b;
    start_key_block(&b);
    size_buckets(records->n, records->provider.size, all);
    *already = 1;
    for (int64_t first = 0; first < records->n; first += KEY_BLOCK) {
        const int64_t left = records->n - first, count = left < KEY_BLOCK ? left : KEY_BLOCK, with_next = left > count ? count + 1 : count;
        if (first % SIF_ROWS_PER_CHECK < KEY_BLOCK && sif_is_interrupted(interrupt))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        load_key_block(records, NULL, first, (size_t)with_next, &b);
        of_providers |= bits_of_providers(records, b.provider, (size_t)count);
        if ((loops->extend_spans(b.dated, b.published, (size_t)count, &spans) | (of_providers >> 31 != 0)) != 0)
            for (int64_t k = 0; k < count; k++) { /* one way: there is a fault among them */
                if (b.provider[k] < 0 || b.provider[k] >= records->provider.size) /* one way: an array must change meanwhile */
                    return sif_fail(SIF_BAD_PROVIDER, first + k, sif_code_at(&records->provider, first + k));
                if (b.dated[k] == SIF_NO_DAY)
                    return sif_fail(SIF_NO_DATE, first + k, 0);
            }
        for (int64_t k = 0; k < count; k++) /* start[b + 1] counts bucket b */
            all->start[1 + (b.provider[k] >> all->shift)] += records->eligible == NULL || records->eligible[first + k];
        *already = *already && loops->is_ordered(b.provider, b.dated, b.published, b.row, (size_t)(with_next - 1));
    }
    for (int64_t i = 0; i < all->n; i++)
        all->start[i + 1] += all->start[i];
    sif_key_range *const ranges = layout->range;
    ranges[DATED] = range_of(spans.dated.least, spans.dated.most);
    ranges[PUBLISHED] = range_of(spans.published.least, spans.published.most);
    ranges[PROVIDER] = (sif_key_range){0, sif_bits_of(of_providers)};
    const sif_key_range narrow = range_of(spans.later.least, spans.later.most);
    const int is_near = spans.dated.least > -far && spans.dated.most < far && spans.published.least > -far && spans.published.most < far;
    layout->by_difference = is_near && narrow.bits < ranges[PUBLISHED].bits;
    if (layout->by_difference)
        ranges[PUBLISHED] = narrow;
    return sif_ok();
}

/* The counters of one digit, below 2^DIGIT. */
typedef struct {
    int64_t of[1 << DIGIT];
} digit_places;

/* Sorts words by their bits from `low` up to `high`; `spare` is as large. Returns the one of the two that holds the result, or NULL
 * where the interrupt check says stop. */
static uint64_t *sort_words(uint64_t *words, uint64_t *spare, int64_t n, int low, int high, digit_places *place,
                            const sif_interrupt_check *interrupt) {
    const int widest = n < FEW_WORDS ? SMALL_DIGIT : DIGIT, digits = (high - low + widest - 1) / widest;
    const int width = digits > 0 ? (high - low + digits - 1) / digits : 0;
    const uint64_t mask = ((uint64_t)1 << width) - 1;
    for (int digit = 0; digit < digits && n > 1; digit++) {
        const int shift = low + digit * width;
        memset(place->of, 0, sizeof *place->of << width);
        for (int64_t i = 0; i < n; i++)            /* of the words given, all are written */
            place->of[words[i] >> shift & mask]++; /* NOLINT(clang-analyzer-core.UndefinedBinaryOperatorResult) */
        if (place->of[words[0] >> shift & mask] == n)
            continue; /* all have the same digit */
        int64_t next = 0;
        for (uint64_t value = 0; value <= mask; value++) {
            const int64_t count = place->of[value];
            place->of[value] = next;
            next += count;
        }
        for (int64_t first = 0; first < n; first += SIF_ROWS_PER_CHECK) {
            const int64_t stop = n - first < SIF_ROWS_PER_CHECK ? n : first + SIF_ROWS_PER_CHECK;
            for (int64_t i = first; i < stop; i++)
                spare[place->of[words[i] >> shift & mask]++] = words[i];
            if (stop - first == SIF_ROWS_PER_CHECK && sif_is_interrupted(interrupt))
                return NULL;
        }
        uint64_t *const sorted = spare;
        spare = words;
        words = sorted;
    }
    return words;
}

sif_status sif_sort_words(uint64_t *words, uint64_t *spare, int64_t n, int low, int high, const uint64_t **sorted,
                          const sif_interrupt_check *interrupt) {
    digit_places *const place = malloc(sizeof *place);
    if (place == NULL)
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    *sorted = sort_words(words, spare, n, low, high, place, interrupt);
    free(place);
    return *sorted != NULL ? sif_ok() : sif_fail(SIF_INTERRUPTED, -1, 0);
}

/* Shifts of the keys above what is carried. Returns whether all fit a word. */
static int lay_out(sif_layout *layout, int carried_bits) {
    int high = carried_bits;
    for (int k = 0; k < N_KEYS; k++) {
        layout->shift[k] = high < 64 ? high : 63; /* a key of no bits at the top is 0: any shift puts it there */
        high += layout->range[k].bits;
    }
    return high <= 64;
}

/* Packs the eligible records and scatters their words into the buckets. No word goes past the last, and each bucket must take as many as
 * the survey has counted for it: otherwise the records have changed since. */
static sif_status fill_buckets(const sif_records *records, const sif_layout *layout, const sif_carried *carried, buckets *all,
                               uint64_t *words, const sif_interrupt_check *interrupt) {
    const sif_grid_loops *const loops = sif_grid_loops_now();
    const int64_t n_words = all->start[all->n];
    uint64_t packed[KEY_BLOCK];
    key_block b;
    start_key_block(&b);
    for (int64_t first = 0; first < records->n; first += KEY_BLOCK) {
        const size_t count = records->n - first < KEY_BLOCK ? (size_t)(records->n - first) : KEY_BLOCK;
        if (first % SIF_ROWS_PER_CHECK < KEY_BLOCK && sif_is_interrupted(interrupt))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        load_key_block(records, NULL, first, count, &b);
        if (carried->load(carried->context, first, count, packed) != 0)
            return sif_fail(SIF_UNORDERED, -1, 0);
        loops->pack(layout, b.provider, b.dated, b.published, count, packed);
        size_t kept = count;
        if (records->eligible != NULL) {
            kept = 0;
            for (size_t k = 0; k < count; k++) {
                packed[kept] = packed[k];
                b.provider[kept] = b.provider[k];
                kept += records->eligible[first + (int64_t)k] != 0;
            }
        }
        if (bits_of_providers(records, b.provider, kept) >> 31 != 0) /* one way: an array must change meanwhile */
            return sif_changed();                                    /* not reached: an array must change meanwhile */
        for (size_t k = 0; k < kept; k++) {
            int64_t *const next = &all->next[b.provider[k] >> all->shift];
            if (*next >= n_words)     /* one way: an array must change meanwhile */
                return sif_changed(); /* not reached: an array must change meanwhile */
            words[(*next)++] = packed[k];
        }
    }
    for (int64_t i = 0; i < all->n; i++)
        if (all->next[i] != all->start[i + 1]) /* one way: an array must change meanwhile */
            return sif_changed();              /* not reached: an array must change meanwhile */
    return sif_ok();
}

/* Fills the buckets and sorts each. words: all->start[all->n] of them. */
static sif_status sort_in_buckets(const sif_records *records, const sif_layout *layout, const sif_carried *carried, buckets *all,
                                  uint64_t *words, const sif_interrupt_check *interrupt) {
    int64_t largest = 0;
    for (int64_t i = 0; i < all->n; i++) {
        all->next[i] = all->start[i];
        largest = all->start[i + 1] - all->start[i] > largest ? all->start[i + 1] - all->start[i] : largest;
    }
    digit_places *const place = malloc(sizeof *place);
    uint64_t *const spare = malloc((size_t)(largest > 0 ? largest : 1) * sizeof *spare);
    sif_status status = place != NULL && spare != NULL ? sif_ok() : sif_fail(SIF_NO_MEMORY, -1, 0);
    if (status.code == SIF_OK)
        status = fill_buckets(records, layout, carried, all, words, interrupt);
    const sif_key_range *const ranges = layout->range;
    const int of_provider = ranges[PROVIDER].bits < all->shift ? ranges[PROVIDER].bits : all->shift; /* the bucket says the upper ones */
    const int high = carried->bits + ranges[PUBLISHED].bits + ranges[DATED].bits + of_provider;
    int64_t asked = 0;
    for (int64_t i = 0; i < all->n && status.code == SIF_OK; i++) {
        const int64_t n = all->start[i + 1] - all->start[i];
        uint64_t *const mine = words + all->start[i];
        const uint64_t *const sorted = sort_words(mine, spare, n, carried->bits, high, place, interrupt);
        if (sorted == NULL || (all->start[i + 1] - asked >= SIF_ROWS_PER_CHECK && sif_is_interrupted(interrupt))) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            break;
        }
        if (all->start[i + 1] - asked >= SIF_ROWS_PER_CHECK)
            asked = all->start[i + 1];
        if (sorted != mine)
            memcpy(mine, sorted, (size_t)n * sizeof *mine);
    }
    free(place);
    free(spare);
    return status;
}

/* Room for one word at least. */
static size_t bytes_of_words(int64_t n) {
    return (size_t)(n > 0 ? n : 1) * sizeof(uint64_t);
}

sif_status sif_sort_records(const sif_records *records, const sif_carried *carried, sif_ordering *ordering,
                            const sif_interrupt_check *interrupt) {
    buckets all;
    int already;
    *ordering = (sif_ordering){.words = NULL};
    sif_status status = survey(records, &ordering->layout, &all, &already, interrupt);
    if (status.code != SIF_OK || !lay_out(&ordering->layout, carried->bits))
        return status;
    ordering->n = all.start[all.n];
    if ((uint64_t)ordering->n <= SIZE_MAX / sizeof *ordering->words) /* one way: only addresses of 32 bits say less */
        ordering->words = sif_allocate_large(bytes_of_words(ordering->n));
    if (ordering->words == NULL)
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    return sort_in_buckets(records, &ordering->layout, carried, &all, ordering->words, interrupt);
}

void sif_free_ordering(sif_ordering *ordering) {
    sif_free_large(ordering->words, bytes_of_words(ordering->n));
}

static int load_rows(const void *context, int64_t first, size_t count, uint64_t *carried) {
    (void)context;
    for (size_t k = 0; k < count; k++)
        carried[k] = (uint64_t)first + k;
    return 0;
}

static inline uint64_t place_of(const key_block *b, key_name key, const sif_layout *layout, size_t k) {
    const sif_key_range *const range = &layout->range[key];
    if (key == PROVIDER)
        return (uint64_t)b->provider[k];
    if (key == DATED)
        return (uint64_t)b->dated[k] - (uint64_t)range->least + 1;
    if (b->published[k] == SIF_NO_DAY)
        return 0;
    return (uint64_t)b->published[k] - (layout->by_difference ? (uint64_t)b->dated[k] : 0) - (uint64_t)range->least + 1;
}

/* The rows in their order where the keys of a record take more than a word. order: 0, 1, 2, ... at first. */
static sif_status sort_in_rounds(const sif_records *records, const sif_layout *layout, int64_t *order,
                                 const sif_interrupt_check *interrupt) {
    const int64_t n = records->n;
    const int row_bits = sif_bits_of((uint64_t)n - 1);
    const uint64_t row_mask = ((uint64_t)1 << row_bits) - 1;
    sif_status status = sif_ok();
    digit_places *const place = malloc(sizeof *place);
    uint64_t *const memory = sif_room_for((uint64_t)n * 2, sizeof *memory);
    key_block b;
    if (place == NULL || memory == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    int key = 0, taken = 0; /* `taken` bits of `key` are ordered already */
    for (int round = 0; key < N_KEYS; round++) {
        /* What fits above the row's position: whole keys, and the lower bits of a key that does not fit. */
        struct {
            int key, from, to; /* the key's bits from `from` on go to the word's bits from `to` on */
            uint64_t mask;
        } parts[N_KEYS];
        int n_parts = 0, high = row_bits;
        while (key < N_KEYS && high < 64) {
            const int left = layout->range[key].bits - taken, bits = left < 64 - high ? left : 64 - high;
            if (bits > 0) {
                parts[n_parts].key = key;
                parts[n_parts].from = taken;
                parts[n_parts].to = high;
                parts[n_parts++].mask = ((uint64_t)1 << bits) - 1; /* bits < 64: two rows or more take one at least */
            }
            high += bits;
            taken += bits;
            if (taken == layout->range[key].bits) {
                key++;
                taken = 0;
            }
        }
        for (int64_t first = 0; first < n; first += KEY_BLOCK) {
            const size_t count = n - first < KEY_BLOCK ? (size_t)(n - first) : KEY_BLOCK;
            uint64_t *const words = memory + first;
            load_key_block(records, order + first, 0, count, &b);
            for (size_t k = 0; k < count; k++)
                words[k] = (uint64_t)first + k;
            for (int p = 0; p < n_parts; p++)
                for (size_t k = 0; k < count; k++)
                    words[k] |= (place_of(&b, (key_name)parts[p].key, layout, k) >> parts[p].from & parts[p].mask) << parts[p].to;
        }
        const uint64_t *const words = sort_words(memory, memory + n, n, row_bits, high, place, interrupt);
        if (words == NULL || sif_is_interrupted(interrupt)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
        /* The words hold positions in the order so far. The rows found there go to the other half of the memory before they are copied
         * back. */
        uint64_t *const rows = words == memory ? memory + n : memory;
        for (int64_t i = 0; i < n; i++)
            rows[i] = (uint64_t)order[words[i] & row_mask];
        memcpy(order, rows, (size_t)n * sizeof *order);
    }
done:
    free(place);
    free(memory);
    return status;
}

sif_status sif_order_records(const sif_records *records, int64_t *order, int *already, const sif_interrupt_check *interrupt) {
    const int64_t n = records->n;
    sif_records all_rows = *records; /* this kernel does not ask who takes part */
    all_rows.eligible = NULL;
    sif_layout layout;
    buckets all;
    sif_status status = records->provider.size <= INT32_MAX ? survey(&all_rows, &layout, &all, already, interrupt)
                                                            : sif_fail(SIF_TOO_LARGE, -1, records->provider.size);
    if (status.code == SIF_OK && !*already) {
        const sif_carried rows = {.bits = sif_bits_of((uint64_t)n - 1), .load = load_rows};
        if (lay_out(&layout, rows.bits)) {
            /* The output holds the words first. */
            status = sort_in_buckets(&all_rows, &layout, &rows, &all, (uint64_t *)order, interrupt);
            const uint64_t mask = ((uint64_t)1 << rows.bits) - 1;
            for (int64_t i = 0; status.code == SIF_OK && i < n; i++)
                order[i] = (int64_t)((uint64_t)order[i] & mask);
            goto done;
        }
    }
    for (int64_t i = 0; status.code == SIF_OK && i < n; i++)
        order[i] = i;
    if (status.code == SIF_OK && !*already)
        status = sort_in_rounds(&all_rows, &layout, order, interrupt);
done:
    return sif_finish(status, order, n, NULL, 0);
}
