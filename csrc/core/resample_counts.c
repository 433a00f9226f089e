/* Bootstrap by provider for statistics of counts.
 *
 * To draw a provider is to draw a number below n_providers; the providers of one profile have consecutive numbers. The draws are not made
 * one by one. Of the draws that fall on 2^k numbers, each falls on the lower half with probability 1/2. So as many fall there as there are
 * ones among as many random bits. Halves are halved again until all their numbers are of one profile. Where few draws are left for a part,
 * they are made one by one. Numbers from n_providers up to the next power of 2 are drawn again. So the distribution is exactly that of
 * single draws, and takes one bit per draw and level.
 *
 * For example, 5 draws among 8 numbers, of which 0 to 3 have profile A, 4 and 5 profile B, 6 and 7 profile C: the bits 1 0 1 1 0 put
 * three draws into the lower half. They are of A. The bits 0 1 for the other two put one on 4 and 5, of B, and one on 6 and 7, of C. */
#include <stdlib.h>
#include <string.h>

#include "codes.h"

enum { SINGLY = 24 /* draws that are made one by one rather than by halves */ };

/* xoshiro256++ (Blackman and Vigna 2021, doi 10.1145/3460772), its state filled by SplitMix64 as they advise. */
typedef struct {
    uint64_t state[4];
} random_stream;

static uint64_t mix(uint64_t *counter) {
    uint64_t z = *counter += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

/* Replicates of a seed begin at different places of SplitMix64. That is a bijection, so four words of it in a row differ and are not
 * all 0. */
static random_stream stream_of(uint64_t seed, int64_t replicate) {
    random_stream of;
    uint64_t by_seed = seed, by_replicate = ~(uint64_t)replicate;
    uint64_t place = mix(&by_seed) + mix(&by_replicate);
    for (int k = 0; k < 4; k++)
        of.state[k] = mix(&place);
    return of;
}

static inline uint64_t rotate(uint64_t x, int by) {
    return x << by | x >> (64 - by);
}

static inline uint64_t next_bits(random_stream *of) {
    uint64_t *const s = of->state;
    const uint64_t result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

/* How many bits of a word are ones, by adding neighbours. (The compilers' builtin is a function call where the processor is not named.) */
static inline int64_t count_ones(uint64_t x) {
    x -= x >> 1 & 0x5555555555555555;
    x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0F;
    return (int64_t)(x * 0x0101010101010101 >> 56);
}

static int64_t half_of(int64_t draws, random_stream *from) {
    int64_t low = 0;
    for (; draws >= 64; draws -= 64)
        low += count_ones(next_bits(from));
    return draws > 0 ? low + count_ones(next_bits(from) >> (64 - draws)) : low;
}

typedef struct {
    const uint32_t *profile; /* by provider, not decreasing */
    int64_t n_providers;
    int64_t *drawn; /* by profile */
    random_stream from;
} lottery;

/* Lets `draws` fall on the numbers first .. first + 2^bits - 1. Returns how many fell on none of the providers. */
static int64_t let_fall(lottery *of, int64_t first, int bits, int64_t draws) {
    const int64_t last = first + ((int64_t)1 << bits) - 1;
    if (first >= of->n_providers)
        return draws;
    if (last < of->n_providers && of->profile[first] == of->profile[last]) {
        of->drawn[of->profile[first]] += draws;
        return 0;
    }
    int64_t missed = 0;
    if (draws <= SINGLY) {
        for (int64_t d = 0; d < draws; d++) {
            /* bits > 0: a single number lies outside, or within one profile */
            const int64_t number = first + (int64_t)(next_bits(&of->from) >> (64 - bits));
            if (number < of->n_providers)
                of->drawn[of->profile[number]]++;
            else
                missed++;
        }
        return missed;
    }
    const int64_t low = half_of(draws, &of->from), middle = first + ((int64_t)1 << (bits - 1));
    missed += let_fall(of, first, bits - 1, low);
    missed += let_fall(of, middle, bits - 1, draws - low);
    return missed;
}

/* A cell that the providers of a profile have, and how often. */
typedef struct {
    int64_t cell, count;
} profile_entry;

sif_status sif_resample_counts(int64_t n_profiles, const int64_t *members, const int64_t *entries, int64_t n_entries, const int64_t *cell,
                               const int64_t *count, int64_t n_cells, uint64_t seed, int64_t first_replicate, int64_t n_replicates,
                               int64_t *resampled, const sif_interrupt_check *interrupt) {
    sif_status status = sif_ok();
    uint32_t *profile = NULL;
    int64_t *drawn = NULL, *begins = NULL, n_providers = 0;
    profile_entry *own = NULL; /* a copy, like `begins`: it stays as it was when it was checked */
    if (n_profiles >= UINT32_MAX) {
        status = sif_fail(SIF_TOO_LARGE, -1, n_profiles);
        goto done;
    }
    begins = sif_room_for((uint64_t)n_profiles + 1, sizeof *begins);
    own = sif_room_for((uint64_t)n_entries + 1, sizeof *own);
    drawn = sif_room_for((uint64_t)n_profiles + 1, sizeof *drawn);
    if (begins == NULL || own == NULL || drawn == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    begins[0] = n_profiles > 0 ? sif_once(entries, 0) : 0;
    for (int64_t p = 0; p < n_profiles; p++) {
        const int64_t more = sif_once(members, p);
        begins[p + 1] = sif_once(entries, p + 1);
        if (more < 0 || begins[p] < 0 || begins[p + 1] < begins[p]) {
            status = sif_fail(SIF_BAD_VALUE, p, more);
            goto done;
        }
        if (more > SIF_MOST_ROWS - n_providers) {
            status = sif_fail(SIF_TOO_LARGE, p, more);
            goto done;
        }
        drawn[p] = more; /* until the first replicate */
        n_providers += more;
    }
    if (n_profiles > 0 && begins[n_profiles] != n_entries) { /* one way: an array must change meanwhile */
        status = sif_changed();                              /* not reached: an array must change meanwhile */
        goto done;                                           /* not reached: an array must change meanwhile */
    }
    for (int64_t e = begins[0]; e < begins[n_profiles]; e++) {
        own[e] = (profile_entry){sif_once(cell, e), sif_once(count, e)};
        if (own[e].cell < 0 || own[e].cell >= n_cells || own[e].count < 0 || own[e].count > SIF_MOST_ROWS) {
            status = sif_fail(SIF_BAD_VALUE, e, own[e].cell);
            goto done;
        }
    }
    profile = sif_room_for((uint64_t)n_providers + 1, sizeof *profile);
    if (profile == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    for (int64_t p = 0, number = 0; p < n_profiles; p++)
        for (int64_t m = 0; m < drawn[p]; m++)
            profile[number++] = (uint32_t)p;
    int bits = 0;
    while ((int64_t)1 << bits < n_providers)
        bits++;
    for (int64_t r = 0, since = 0; r < n_replicates; r++) {
        since += n_providers;
        if (since >= SIF_ROWS_PER_CHECK) {
            since = 0;
            if (sif_is_interrupted(interrupt)) {
                status = sif_fail(SIF_INTERRUPTED, -1, 0);
                goto done;
            }
        }
        lottery of = {.profile = profile, .n_providers = n_providers, .drawn = drawn, .from = stream_of(seed, first_replicate + r)};
        memset(drawn, 0, (size_t)n_profiles * sizeof *drawn);
        for (int64_t left = n_providers; left > 0;)
            left = let_fall(&of, 0, bits, left);
        int64_t *const sums = resampled + r * n_cells;
        memset(sums, 0, (size_t)n_cells * sizeof *sums);
        for (int64_t p = 0; p < n_profiles; p++)
            for (const profile_entry *e = own + begins[p]; e < own + begins[p + 1]; e++)
                /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.ArraySubscript): begins end at n_entries, below which all are written */
                sums[e->cell] += drawn[p] * e->count;
    }
done:
    free(profile);
    free(drawn);
    free(begins);
    free(own);
    return sif_finish(status, resampled, n_replicates * n_cells, NULL, 0);
}
