/* Ordering records by provider and time.
 *
 * A record is ordered by its provider, then by the day that dates it, then by how much later its report came. These keys and what a
 * record takes along, such as its row, are packed into a word of 64 bits. The words are scattered into buckets by the provider's upper
 * bits, so that each bucket fits the caches next to the processor. There it is sorted by the other bits, one digit at a time, from the
 * lowest (radix sort: each pass scatters by counts, and is stable). Where the keys do not fit one word, the rows are sorted in several
 * rounds, each by the bits above those of the round before.
 *
 * Who walks the words from provider to provider gets them a slice of the providers at a time: so there are never words of all records,
 * and calls for different providers may run at once. */
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
    BUCKET_BITS = 10,    /* at most: more buckets than that are more places to write to than the caches can keep */
    SLICES = 8           /* at most, but for buckets that are large: for each the providers of all records are read again */
};

/* So many words are sorted soonest in one slice, whatever memory they take: 32 MB. */
#ifndef SIF_SLICE_WORDS /* fuzz targets have less */
#define SIF_SLICE_WORDS ((int64_t)1 << 22)
#endif

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

/* The rows of some providers, or of all, a block at a time. */
typedef struct {
    const sif_records *records;
    sif_piece providers;
    int is_all;
    int64_t next;        /* the first row whose provider was not looked at yet */
    const int64_t *rows; /* of the block; NULL: `count` rows from `first` on */
    int64_t first;
    size_t count;
    size_t waiting; /* rows at hand, those of the block first */
    int64_t row[2 * KEY_BLOCK];
} chosen_rows;

static void choose_rows(const sif_records *records, sif_piece providers, chosen_rows *of) {
    of->records = records;
    of->providers = providers;
    of->is_all = providers.first == 0 && providers.stop == records->provider.size;
    of->next = of->first = 0;
    of->count = of->waiting = 0;
    of->rows = of->is_all ? NULL : of->row;
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

/* Looks for rows of the providers among the next KEY_BLOCK: there is room for as many. */
static sif_status find_rows(chosen_rows *of) {
    const sif_records *const records = of->records;
    const int64_t left = records->n - of->next;
    const size_t count = left < KEY_BLOCK ? (size_t)left : KEY_BLOCK;
    const uint32_t least = (uint32_t)of->providers.first, span = (uint32_t)(of->providers.stop - of->providers.first);
    int32_t provider[KEY_BLOCK];
    sif_fetch_ahead(sif_row_of(&records->provider, of->next), count, sif_width_of(&records->provider));
    sif_load_codes(&records->provider, NULL, of->next, count, provider);
    if (bits_of_providers(records, provider, count) >> 31 != 0)
        for (size_t k = 0; k < count; k++) /* one way: there is one among them */
            if (provider[k] < 0)           /* as whatever is none was loaded */
                return sif_fail(SIF_BAD_PROVIDER, of->next + (int64_t)k, sif_code_at(&records->provider, of->next + (int64_t)k));
    for (size_t k = 0; k < count; k++) { /* without a branch: a row that is not kept is written over */
        of->row[of->waiting] = of->next + (int64_t)k;
        of->waiting += (uint32_t)provider[k] - least < span;
    }
    of->next += (int64_t)count;
    return sif_ok();
}

/* The next block: KEY_BLOCK rows, fewer at the end, and none after it. */
static sif_status next_rows(chosen_rows *of, const sif_interrupt_check *interrupt) {
    const int64_t n = of->records->n;
    if (of->is_all) {
        of->first += (int64_t)of->count;
        of->count = n - of->first < KEY_BLOCK ? (size_t)(n - of->first) : KEY_BLOCK;
        return of->first % SIF_ROWS_PER_CHECK < KEY_BLOCK && sif_is_interrupted(interrupt) ? sif_fail(SIF_INTERRUPTED, -1, 0) : sif_ok();
    }
    of->waiting -= of->count;
    memmove(of->row, of->row + of->count, of->waiting * sizeof *of->row);
    while (of->waiting < KEY_BLOCK && of->next < n) { /* so find_rows has room: waiting + KEY_BLOCK <= 2 KEY_BLOCK */
        if (of->next % SIF_ROWS_PER_CHECK < KEY_BLOCK && sif_is_interrupted(interrupt))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        const sif_status status = find_rows(of);
        if (status.code != SIF_OK)
            return status;
    }
    of->count = of->waiting < KEY_BLOCK ? of->waiting : KEY_BLOCK;
    return sif_ok();
}

static inline int64_t chosen_row(const chosen_rows *of, size_t k) {
    return of->rows != NULL ? of->rows[k] : of->first + (int64_t)k;
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

/* What the keys of all rows seen so far span, and which bits their providers have. */
typedef struct {
    sif_spans spans;
    uint32_t of_providers;
} key_survey;

/* Looks at a block, and at the row after it where `with_next` has one more than there are in the block. */
static sif_status survey_block(const chosen_rows *rows, const key_block *b, size_t with_next, buckets *all, key_survey *seen, int *already) {
    const sif_records *const records = rows->records;
    const sif_grid_loops *const loops = sif_grid_loops_now();
    const size_t count = rows->count;
    seen->of_providers |= bits_of_providers(records, b->provider, count);
    if ((loops->extend_spans(b->dated, b->published, count, &seen->spans) | (seen->of_providers >> 31 != 0)) != 0)
        for (size_t k = 0; k < count; k++) { /* one way: there is a fault among them */
            const int64_t row = chosen_row(rows, k);
            if (b->provider[k] < 0 || b->provider[k] >= records->provider.size) /* one way: an array must change meanwhile */
                return sif_fail(SIF_BAD_PROVIDER, row, sif_code_at(&records->provider, row));
            if (b->dated[k] == SIF_NO_DAY)
                return sif_fail(SIF_NO_DATE, row, 0);
        }
    for (size_t k = 0; k < count; k++) /* start[b + 1] counts bucket b */
        all->start[1 + (b->provider[k] >> all->shift)] += records->eligible == NULL || records->eligible[chosen_row(rows, k)];
    *already = *already && loops->is_ordered(b->provider, b->dated, b->published, b->row, with_next - 1);
    return sif_ok();
}

/* One pass: checks every record of the providers, finds the range of each key and how many records fall into each bucket, and where they
 * are all whether they lie in order already. */
static sif_status survey(const sif_records *records, sif_piece providers, sif_layout *layout, buckets *all, int *already,
                         const sif_interrupt_check *interrupt) {
    const int64_t far = (int64_t)1 << 61; /* differences of days nearer than this do not overflow */
    key_survey seen = {.spans = {{INT64_MAX, INT64_MIN}, {INT64_MAX, INT64_MIN}, {INT64_MAX, INT64_MIN}}};
    chosen_rows rows;
    key_block b;
    start_key_block(&b);
    size_buckets(records->n, records->provider.size, all);
    choose_rows(records, providers, &rows);
    *already = rows.is_all;
    sif_status status = next_rows(&rows, interrupt);
    while (status.code == SIF_OK && rows.count > 0) {
        const size_t with_next = rows.is_all && rows.first + (int64_t)rows.count < records->n ? rows.count + 1 : rows.count;
        load_key_block(records, rows.rows, rows.first, with_next, &b);
        status = survey_block(&rows, &b, with_next, all, &seen, already);
        if (status.code == SIF_OK)
            status = next_rows(&rows, interrupt);
    }
    if (status.code != SIF_OK)
        return status;
    for (int64_t i = 0; i < all->n; i++)
        all->start[i + 1] += all->start[i];
    sif_key_range *const ranges = layout->range;
    const sif_spans *const spans = &seen.spans;
    ranges[DATED] = range_of(spans->dated.least, spans->dated.most);
    ranges[PUBLISHED] = range_of(spans->published.least, spans->published.most);
    ranges[PROVIDER] = (sif_key_range){0, sif_bits_of(seen.of_providers)};
    const sif_key_range narrow = range_of(spans->later.least, spans->later.most);
    const int is_near = spans->dated.least > -far && spans->dated.most < far && spans->published.least > -far && spans->published.most < far;
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

struct sif_slices {
    const sif_records *records;
    const sif_carried *carried;
    sif_piece providers; /* whose records are sorted */
    sif_layout layout;
    buckets all;
    int64_t bucket;        /* the first that no slice has had yet */
    uint64_t *words;       /* of a slice; NULL where the keys do not fit a word */
    uint64_t *spare;       /* as many as the largest bucket has */
    size_t bytes_of_words; /* of `words`, where they are the slices' own */
    digit_places place;
};

/* One past the last bucket of the slice that begins with bucket `from`: as many as a slice may have words, but one at least. */
static int64_t end_of_slice(const buckets *all, int64_t from) {
    const int64_t total = all->start[all->n], wanted = (total + SIF_SLICE_WORDS - 1) / SIF_SLICE_WORDS;
    int64_t most = total;
    if (wanted > 1) /* slices are as large as one another, but for a few buckets */
        most = total / (wanted < SLICES ? wanted : SLICES) + total / 64;
    int64_t to = from;
    do
        to++;
    while (to < all->n && (all->start[to] == all->start[from] || all->start[to + 1] - all->start[from] <= most));
    return to;
}

/* Packs the eligible records of the buckets from .. to - 1 and scatters their words into these. No word goes past the last, and each
 * bucket must take as many as the survey has counted for it: otherwise the records have changed since. */
static sif_status fill_buckets(sif_slices *s, int64_t from, int64_t to, const sif_interrupt_check *interrupt) {
    const sif_records *const records = s->records;
    buckets *const all = &s->all;
    const int64_t n_words = all->start[to] - all->start[from], least = from << all->shift, after = to << all->shift;
    sif_piece wanted = s->providers; /* of which the buckets may have none */
    wanted.stop = after < wanted.stop ? after : wanted.stop;
    wanted.first = least > wanted.first ? least : wanted.first;
    wanted.first = wanted.first < wanted.stop ? wanted.first : wanted.stop;
    uint64_t packed[KEY_BLOCK];
    chosen_rows rows;
    key_block b;
    start_key_block(&b);
    for (int64_t i = 0; i < all->n; i++) /* other buckets have no room */
        all->next[i] = i >= from && i < to ? all->start[i] - all->start[from] : n_words;
    choose_rows(records, wanted, &rows);
    sif_status status = next_rows(&rows, interrupt);
    for (; status.code == SIF_OK && rows.count > 0; status = next_rows(&rows, interrupt)) {
        load_key_block(records, rows.rows, rows.first, rows.count, &b);
        if (s->carried->load(s->carried->context, rows.rows, rows.first, rows.count, packed) != 0)
            return sif_fail(SIF_UNORDERED, -1, 0);
        sif_grid_loops_now()->pack(&s->layout, b.provider, b.dated, b.published, rows.count, packed);
        size_t kept = rows.count;
        if (records->eligible != NULL) {
            kept = 0;
            for (size_t k = 0; k < rows.count; k++) {
                packed[kept] = packed[k];
                b.provider[kept] = b.provider[k];
                kept += records->eligible[chosen_row(&rows, k)] != 0;
            }
        }
        if (bits_of_providers(records, b.provider, kept) >> 31 != 0) /* one way: an array must change meanwhile */
            return sif_changed();                                    /* not reached: an array must change meanwhile */
        for (size_t k = 0; k < kept; k++) {
            int64_t *const next = &all->next[b.provider[k] >> all->shift];
            if (*next >= n_words)     /* one way: an array must change meanwhile */
                return sif_changed(); /* not reached: an array must change meanwhile */
            s->words[(*next)++] = packed[k];
        }
    }
    for (int64_t i = from; i < to && status.code == SIF_OK; i++)
        if (all->next[i] != all->start[i + 1] - all->start[from]) /* one way: an array must change meanwhile */
            return sif_changed();                                 /* not reached: an array must change meanwhile */
    return status;
}

/* Fills the buckets from .. to - 1 and sorts each. */
static sif_status sort_buckets(sif_slices *s, int64_t from, int64_t to, const sif_interrupt_check *interrupt) {
    const sif_key_range *const ranges = s->layout.range;
    const int low = s->carried->bits, in_bucket = s->all.shift; /* the bucket says the provider's upper bits */
    const int of_provider = ranges[PROVIDER].bits < in_bucket ? ranges[PROVIDER].bits : in_bucket;
    const int high = low + ranges[PUBLISHED].bits + ranges[DATED].bits + of_provider;
    const int64_t *const start = s->all.start;
    int64_t asked = start[from];
    const sif_status status = fill_buckets(s, from, to, interrupt);
    if (status.code != SIF_OK)
        return status;
    for (int64_t i = from; i < to; i++) {
        const int64_t n = start[i + 1] - start[i];
        uint64_t *const mine = s->words + (start[i] - start[from]);
        const uint64_t *const sorted = sort_words(mine, s->spare, n, low, high, &s->place, interrupt);
        if (sorted == NULL || (start[i + 1] - asked >= SIF_ROWS_PER_CHECK && sif_is_interrupted(interrupt)))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        if (start[i + 1] - asked >= SIF_ROWS_PER_CHECK)
            asked = start[i + 1];
        if (sorted != mine)
            memcpy(mine, sorted, (size_t)n * sizeof *mine);
    }
    return sif_ok();
}

/* Room for words, one at least. */
static uint64_t *room_for_spare(const buckets *all) {
    int64_t largest = 1;
    for (int64_t i = 0; i < all->n; i++)
        largest = all->start[i + 1] - all->start[i] > largest ? all->start[i + 1] - all->start[i] : largest;
    return sif_room_for((uint64_t)largest, sizeof(uint64_t));
}

sif_status sif_start_slices(const sif_records *records, const sif_piece *providers, const sif_carried *carried, sif_slices **slices,
                            const sif_interrupt_check *interrupt) {
    int already;
    sif_slices *const s = *slices = malloc(sizeof *s);
    if (s == NULL)
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    s->records = records;
    s->carried = carried;
    s->providers = providers != NULL ? *providers : (sif_piece){.stop = records->provider.size};
    s->bucket = 0;
    s->words = s->spare = NULL;
    const sif_status status = survey(records, s->providers, &s->layout, &s->all, &already, interrupt);
    if (status.code != SIF_OK || !lay_out(&s->layout, carried->bits))
        return status;
    int64_t most = 1;
    for (int64_t from = 0, to; from < s->all.n; from = to) {
        to = end_of_slice(&s->all, from);
        most = s->all.start[to] - s->all.start[from] > most ? s->all.start[to] - s->all.start[from] : most;
    }
    s->bytes_of_words = (size_t)most * sizeof *s->words;
    s->spare = room_for_spare(&s->all);
    if (s->spare != NULL && (uint64_t)most <= SIZE_MAX / sizeof *s->words) /* one way: only addresses of 32 bits say less */
        s->words = sif_allocate_large(s->bytes_of_words);
    return s->words != NULL ? sif_ok() : sif_fail(SIF_NO_MEMORY, -1, 0);
}

int sif_are_words(const sif_slices *slices) {
    return slices->words != NULL;
}

const sif_layout *sif_layout_of(const sif_slices *slices) {
    return &slices->layout;
}

sif_status sif_next_slice(sif_slices *s, sif_ordering *slice, const sif_interrupt_check *interrupt) {
    const int64_t from = s->bucket;
    *slice = (sif_ordering){.words = NULL, .layout = s->layout};
    if (from >= s->all.n)
        return sif_ok();
    s->bucket = end_of_slice(&s->all, from);
    slice->n = s->all.start[s->bucket] - s->all.start[from];
    slice->words = s->words;
    return sort_buckets(s, from, s->bucket, interrupt);
}

void sif_end_slices(sif_slices *s) {
    if (s == NULL)
        return;
    if (s->words != NULL)
        sif_free_large(s->words, s->bytes_of_words);
    free(s->spare);
    free(s);
}

static int load_rows(const void *context, const int64_t *rows, int64_t first, size_t count, uint64_t *carried) {
    (void)context;
    (void)rows; /* NULL: all are sorted at once */
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

/* Sorts the rows in one slice, of which the output has the words first. */
static sif_status order_rows(sif_slices *s, int64_t *order, int *already, const sif_interrupt_check *interrupt) {
    const int64_t n = s->records->n;
    s->words = (uint64_t *)order;
    sif_status status = survey(s->records, s->providers, &s->layout, &s->all, already, interrupt);
    if (status.code != SIF_OK)
        return status;
    if (*already || !lay_out(&s->layout, s->carried->bits)) {
        for (int64_t i = 0; i < n; i++)
            order[i] = i;
        return *already ? status : sort_in_rounds(s->records, &s->layout, order, interrupt);
    }
    s->spare = room_for_spare(&s->all);
    status = s->spare != NULL ? sort_buckets(s, 0, s->all.n, interrupt) : sif_fail(SIF_NO_MEMORY, -1, 0);
    const uint64_t mask = sif_lowest_bits(s->carried->bits);
    for (int64_t i = 0; status.code == SIF_OK && i < n; i++)
        order[i] = (int64_t)(s->words[i] & mask);
    free(s->spare);
    return status;
}

sif_status sif_order_records(const sif_records *records, int64_t *order, int *already, const sif_interrupt_check *interrupt) {
    const sif_carried rows = {.bits = records->n > 0 ? sif_bits_of((uint64_t)records->n - 1) : 0, .load = load_rows};
    sif_records all_rows = *records; /* this kernel does not ask who takes part */
    all_rows.eligible = NULL;
    if (records->provider.size > INT32_MAX)
        return sif_fail(SIF_TOO_LARGE, -1, records->provider.size);
    sif_status status = sif_fail(SIF_NO_MEMORY, -1, 0);
    sif_slices *const slices = malloc(sizeof *slices);
    if (slices != NULL) {
        slices->records = &all_rows;
        slices->carried = &rows;
        slices->providers = (sif_piece){.stop = records->provider.size};
        status = order_rows(slices, order, already, interrupt);
    }
    free(slices);
    return sif_finish(status, order, records->n, NULL, 0);
}
