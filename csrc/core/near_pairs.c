/* The rows of two tables that are of one provider and near in time.
 *
 * A hash of provider and day rises with the day, so that what is near in time has hashes that are near. Their upper bits are the bucket of
 * a row. The older rows are put into their buckets; each newer row then finds in one of them, or two, all that may be near to it, beside
 * few others. Nothing has to be sorted, and a provider may have any number of rows. */
#include "codes.h"
#include "ordering.h"

enum {
    PAIR_BLOCK = 256,
    MOST_LIKELY = 1024, /* pairs that are kept before they are looked at */
    WIDER = 2           /* a bucket is so many bits wider than it must be: then most rows need one alone */
};

/* An older row in its bucket. */
typedef struct {
    uint32_t hash, row;
} placed_row;

/* The rows of bucket b lie at the places start[b] .. start[b + 1] - 1. After the last bucket comes the first. */
typedef struct {
    int shift;     /* a bucket is 2^shift days, which is more than are looked at at once */
    uint32_t mask; /* the number of buckets, a power of two, less one */
    uint32_t *start;
    placed_row *placed;
} hash_buckets;

/* A row is read once, as others may write there. */
typedef struct {
    int32_t provider;
    int64_t day;
} provider_day;

static inline provider_day provider_day_of(const sif_provider_days *of, int64_t i) {
    return (provider_day){((const volatile int32_t *)of->provider)[i], sif_once(of->day, i)};
}

/* The days from the first to the last; at first there are none. */
typedef struct {
    int64_t first, last;
} day_span;

static const day_span no_days = {INT64_MAX, SIF_NO_DAY};

/* A missing day adds none. */
static inline void extend_span(day_span *span, int64_t day) {
    span->last = day > span->last ? day : span->last;
    span->first = day < span->first && day != SIF_NO_DAY ? day : span->first;
}

/* All days that are near to one of the span. */
static day_span near_to_span(day_span span, int64_t near) {
    span.first = span.first > SIF_NO_DAY + near ? span.first - near : SIF_NO_DAY + 1;
    span.last = span.last < INT64_MAX - near ? span.last + near : INT64_MAX;
    return span;
}

/* A row that can be in a pair has a provider, and a day near to those of the other table: a later release mostly goes on from days that
 * are in both. */
static inline int takes_part(provider_day of, day_span near_days) {
    return (of.provider >= 0) & (near_days.first <= of.day) & (of.day <= near_days.last);
}

static inline uint32_t pair_hash(provider_day of) {
    return (uint32_t)of.provider * 0x9E3779B1U + (uint32_t)(uint64_t)of.day; /* codes that follow one another come to lie far apart */
}

static inline uint32_t bucket_of_hash(const hash_buckets *all, uint32_t hash) {
    return (uint32_t)((uint64_t)hash >> all->shift) & all->mask;
}

/* The days that are near to any row's. */
static sif_status find_near_days(const sif_provider_days *of, int64_t near, day_span *near_days, int64_t *work,
                                 const sif_interrupt_check *interrupt) {
    day_span span = no_days;
    for (int64_t i = 0; i < of->n; i++) {
        extend_span(&span, sif_once(of->day, i));
        if (sif_is_interrupted_after(interrupt, work, 1))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    *near_days = near_to_span(span, near);
    return sif_ok();
}

/* The older rows that take part, one after another: n of them. taken: room for all rows. near_days: the days that are near to any newer
 * row, then those that are near to the rows taken. */
static sif_status take_older_rows(const sif_provider_days *older, int64_t near, day_span *near_days, placed_row *taken, int64_t *n,
                                  int64_t *work, const sif_interrupt_check *interrupt) {
    day_span span = no_days;
    *n = 0;
    for (int64_t i = 0; i < older->n; i++) {
        const provider_day of = provider_day_of(older, i);
        const int is_taken = takes_part(of, *near_days);
        taken[*n] = (placed_row){pair_hash(of), (uint32_t)i};
        *n += is_taken;
        extend_span(&span, is_taken ? of.day : SIF_NO_DAY);
        if (sif_is_interrupted_after(interrupt, work, 1))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    *near_days = near_to_span(span, near);
    return sif_ok();
}

/* Makes the buckets, and puts n rows into them. */
static sif_status fill_hash_buckets(const placed_row *taken, int64_t n, hash_buckets *all, int64_t *work,
                                    const sif_interrupt_check *interrupt) {
    all->mask = (uint32_t)sif_lowest_bits(sif_bits_of((uint64_t)n / 2)); /* two rows in a bucket or fewer */
    all->placed = sif_room_for((uint64_t)n + 1, sizeof *all->placed);
    all->start = calloc((size_t)all->mask + 2, sizeof *all->start);
    if (all->placed == NULL || all->start == NULL)
        return sif_fail(SIF_NO_MEMORY, -1, 0);
    for (int64_t k = 0; k < n; k++) {
        all->start[bucket_of_hash(all, taken[k].hash)]++;
        if (sif_is_interrupted_after(interrupt, work, 1))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    uint32_t sum = 0;
    for (int64_t b = 0; b <= all->mask + (int64_t)1; b++) /* the last is 0 */
        all->start[b] = sum += all->start[b];
    for (int64_t k = n - 1; k >= 0; k--) { /* each bucket from its end to its start */
        all->placed[--all->start[bucket_of_hash(all, taken[k].hash)]] = taken[k];
        if (sif_is_interrupted_after(interrupt, work, 1))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    return sif_ok();
}

/* What is looked for, and the pairs that were found. */
typedef struct {
    const sif_provider_days *older, *newer;
    int64_t near, room;
    day_span near_days; /* of the older rows that take part */
    int64_t *older_rows, *newer_rows, n;
} pair_list;

/* Pairs whose hashes are near. That is looked at without a branch, which no processor could foretell. */
typedef struct {
    uint32_t older[MOST_LIKELY], newer[MOST_LIKELY];
} likely_pairs;

static inline int are_near(provider_day one, provider_day other, int64_t near) {
    const uint64_t days = (uint64_t)one.day - (uint64_t)other.day, apart = one.day > other.day ? days : 0 - days;
    return one.provider == other.provider && apart <= (uint64_t)near;
}

/* Keeps those of the likely pairs that are near. Returns how many likely ones are left, which is none. */
static size_t keep_pairs(const likely_pairs *likely, size_t n, pair_list *list) {
    for (size_t k = 0; k < n; k++) {
        const int64_t row = likely->older[k], of = likely->newer[k];
        if (!are_near(provider_day_of(list->older, row), provider_day_of(list->newer, of), list->near))
            continue;
        if (list->n < list->room) {
            list->older_rows[list->n] = row;
            list->newer_rows[list->n] = of;
        }
        list->n++;
    }
    return 0;
}

/* Pairs a block of newer rows. What they need lies anywhere in memory: it is fetched for all before the first of them is looked at. Returns
 * whether to stop. */
static int pair_block(const hash_buckets *given, int64_t first, int64_t stop, pair_list *list, int64_t *work,
                      const sif_interrupt_check *interrupt) {
    const hash_buckets all = *given;
    const uint32_t wide = 2 * (uint32_t)list->near;
    uint32_t earliest[PAIR_BLOCK], row[PAIR_BLOCK];
    likely_pairs likely;
    size_t n = 0, n_likely = 0;
    for (int64_t i = first; i < stop; i++) {
        const provider_day of = provider_day_of(list->newer, i);
        earliest[n] = pair_hash(of) - (uint32_t)list->near;
        row[n] = (uint32_t)i;
        SIF_FETCH(&all.start[bucket_of_hash(&all, earliest[n])]);
        n += (size_t)takes_part(of, list->near_days);
    }
    for (size_t k = 0; k < n; k++)
        SIF_FETCH(&all.placed[all.start[bucket_of_hash(&all, earliest[k])]]);
    for (size_t k = 0; k < n; k++) {
        const uint32_t last = bucket_of_hash(&all, earliest[k] + wide);
        for (uint32_t b = bucket_of_hash(&all, earliest[k]), end;; b = 0) {
            end = b <= last ? last : all.mask;
            const uint32_t from = all.start[b], to = all.start[end + 1];
            for (uint32_t place = from; place < to; place++) {
                /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): each place of a bucket has its row */
                likely.older[n_likely] = all.placed[place].row;
                likely.newer[n_likely] = row[k];
                n_likely += all.placed[place].hash - earliest[k] <= wide;
                if (n_likely == MOST_LIKELY)
                    n_likely = keep_pairs(&likely, n_likely, list);
            }
            if (sif_is_interrupted_after(interrupt, work, to - from))
                return 1;
            if (end == last)
                break;
        }
    }
    (void)keep_pairs(&likely, n_likely, list);
    return sif_is_interrupted_after(interrupt, work, stop - first);
}

sif_status sif_near_pairs(const sif_provider_days *older, const sif_provider_days *newer, int64_t near, int64_t room, int64_t *older_rows,
                          int64_t *newer_rows, int64_t *n_pairs, const sif_interrupt_check *interrupt) {
    const int64_t rows = older->n > newer->n ? older->n : newer->n, largest = rows > near ? rows : near;
    *n_pairs = SIF_VOID;
    if (largest > INT32_MAX)
        return sif_fail(SIF_TOO_LARGE, -1, largest);
    pair_list list = {.older = older, .newer = newer, .near = near, .room = room, .older_rows = older_rows, .newer_rows = newer_rows};
    hash_buckets all = {.shift = sif_bits_of(2 * (uint64_t)near) + WIDER};
    int64_t work = 0, n_taken = 0;
    placed_row *const taken = sif_room_for((uint64_t)older->n + 1, sizeof *taken);
    sif_status status = taken != NULL ? find_near_days(newer, near, &list.near_days, &work, interrupt) : sif_fail(SIF_NO_MEMORY, -1, 0);
    if (status.code == SIF_OK)
        status = take_older_rows(older, near, &list.near_days, taken, &n_taken, &work, interrupt);
    if (status.code == SIF_OK)
        status = fill_hash_buckets(taken, n_taken, &all, &work, interrupt);
    for (int64_t first = 0, stop; status.code == SIF_OK && first < newer->n; first = stop) {
        stop = newer->n - first < PAIR_BLOCK ? newer->n : first + PAIR_BLOCK;
        if (pair_block(&all, first, stop, &list, &work, interrupt))
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    if (status.code == SIF_OK)
        *n_pairs = list.n;
    free(taken);
    free(all.placed);
    free(all.start);
    return status;
}
