/* Texts become codes: a dictionary that knows each label that it has met, and the codes of rows by it.
 *
 * The dictionary is an open table of slots of 32 bytes. A slot holds a text of at most 24 bytes itself, so that a row costs one load and one
 * comparison; of a longer text it holds 128 bits of hash and where its bytes lie, which are compared then. Keys are made without branches:
 * 32 bytes are loaded where they may be, and what lies behind the text is masked away; a missing row has a key of its own. Once the table
 * has left the nearest caches, the slots of a block of rows are fetched before the first of them is looked at. */
#include <stdlib.h>
#include <string.h>

#include "encode_text.h"
#include "ordering.h"

/* Tests make these small, so that few texts reach all that many do. */
#ifndef SIF_FIRST_SLOTS
#define SIF_FIRST_SLOTS 1024
#endif
#ifndef SIF_SPARSE_SLOTS /* up to so many a table is at most a 16th full: a second look is a branch that no one foresees */
#define SIF_SPARSE_SLOTS (1 << 13)
#endif
#ifndef SIF_NEAR_SLOTS /* beyond so many they are fetched ahead */
#define SIF_NEAR_SLOTS (1 << 14)
#endif
#ifndef SIF_MOST_STEPS /* from a text's slot to where it is: chance needs fewer than a hundred */
#define SIF_MOST_STEPS 512
#endif
enum {
    BLOCK = SIF_TEXT_BLOCK,
    SHORT = SIF_SHORT_TEXT,
    MOST_RESEEDINGS = 16, /* that so many seeds were all unlucky can't be: then no other is tried */
    CODES_BEFORE = 2,     /* a slot of code 0 is empty, that of code 1 holds the missing rows; so 1 - 2 is their code */
    GROWS_FASTER = 1 << 20
};
#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

#if defined(__GNUC__)
#define LIKELY(CONDITION) __builtin_expect((CONDITION) != 0, 1)
#define APART __attribute__((noinline))
#else
#define LIKELY(CONDITION) (CONDITION)
#define APART
#endif

/* Three words of a text, zeros behind it, and its length; of a long text two words of hash and LONG. Passed by value, so that it stays in
 * registers. */
typedef struct {
    uint64_t a, b, c, length;
} key;
#define LONG UINT64_MAX

typedef struct {
    uint64_t a, b, c; /* as in the key; c of a long text is where it begins among the bytes of the labels */
    uint32_t length, code;
} slot;

struct sif_dictionary {
    uint64_t seed[4];
    slot *slots;
    void *room_of_slots; /* in which they lie, so that no slot straddles two lines of the cache */
    size_t n_slots;
    int shift; /* of a hash: leaves the bits that number a slot */
    int reseedings;
    int64_t size, most, capacity, n_bytes, capacity_of_bytes;
    int64_t *ends, *first_rows;
    uint8_t *bytes;
};

/* ---- keys and their hashes */

/* Ones, then zeros: from SHORT - length on it masks a text of that length. */
static const uint8_t masks[2 * SHORT] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                         255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

SIF_INLINE key short_key(const uint8_t *text, uint32_t length) {
    const uint8_t *const mask = masks + SHORT - length;
    return (key){sif_load8(text) & sif_load8(mask), sif_load8(text + 8) & sif_load8(mask + 8), sif_load8(text + 16) & sif_load8(mask + 16),
                 length};
}

/* The same where no byte behind the text may be read. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* In registers: the last eight bytes once more, moved to where they belong. */
SIF_INLINE key short_key_exactly(const uint8_t *text, uint32_t length) {
    key k = {0, 0, 0, length};
    if (length > 16) { /* one way: inlined copies know some of it */
        k.a = sif_load8(text);
        k.b = sif_load8(text + 8);
        k.c = sif_load8(text + length - 8) >> 8 * (SHORT - length);
    } else if (length > 8) { /* one way: as above */
        k.a = sif_load8(text);
        k.b = sif_load8(text + length - 8) >> 8 * (16 - length);
    } else
        for (uint32_t i = 0; i < length; i++) /* one way: as above */
            k.a |= (uint64_t)text[i] << 8 * i;
    return k;
}
#else
SIF_INLINE key short_key_exactly(const uint8_t *text, uint32_t length) {
    uint8_t room[SHORT] = {0};
    for (uint32_t i = 0; i < length; i++)
        room[i] = text[i];
    return (key){sif_load8(room), sif_load8(room + 8), sif_load8(room + 16), length};
}
#endif

/* Both halves of a product of 128 bits, one over the other. */
#if defined(__SIZEOF_INT128__)
static inline uint64_t folded(uint64_t x, uint64_t y) {
    const unsigned __int128 product = (unsigned __int128)x * y;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}
#else
static uint64_t folded(uint64_t x, uint64_t y) {
    const uint64_t x_low = (uint32_t)x, x_high = x >> 32, y_low = (uint32_t)y, y_high = y >> 32;
    const uint64_t low = x_low * y_low, middle = x_high * y_low + (low >> 32), other = x_low * y_high + (uint32_t)middle;
    return (other << 32 | (uint32_t)low) ^ (x_high * y_high + (middle >> 32) + (other >> 32));
}
#endif

/* Two words of hash, each of half of the bytes. */
static APART key long_key(const uint8_t *text, uint32_t length, const uint64_t *seed) {
    uint64_t first = seed[0] ^ length, second = seed[1] ^ length;
    for (size_t i = 0; i + 32 < length; i += 32) {
        first = folded(sif_load8(text + i) ^ seed[2] ^ first, sif_load8(text + i + 8) ^ seed[3]);
        second = folded(sif_load8(text + i + 16) ^ seed[3] ^ second, sif_load8(text + i + 24) ^ seed[0]);
    }
    const uint8_t *const rest = text + (length < 32 ? 0 : length - 32), *const last = text + length - 16; /* some bytes once more */
    first = folded(sif_load8(rest) ^ seed[2] ^ first, sif_load8(rest + 8) ^ seed[3]);
    second = folded(sif_load8(last) ^ seed[3] ^ second, sif_load8(last + 8) ^ seed[0]);
    return (key){first, second, LONG, length};
}

SIF_INLINE uint64_t product_of_halves(uint64_t word, uint64_t seed) {
    return (uint64_t)((uint32_t)word + (uint32_t)seed) * ((uint32_t)(word >> 32) + (uint32_t)(seed >> 32));
}

/* NH, which is universal: a sum of products of halves of words, each with a secret added. The table takes the upper bits. */
SIF_INLINE uint64_t hash_of(key k, const uint64_t *seed) {
    const uint64_t sum = product_of_halves(k.a, seed[0]) + product_of_halves(k.b, seed[1]) + product_of_halves(k.c, seed[2]) +
                         product_of_halves(k.length, seed[3]);
    return (sum ^ sum >> 32) * GOLDEN;
}

/* Words of splitmix64. */
static void sow(uint64_t *seeds, uint64_t seed) {
    for (int i = 0; i < 4; i++) {
        seed += GOLDEN;
        uint64_t word = (seed ^ seed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
        seeds[i] = word ^ word >> 31;
    }
}

/* ---- the table */

static const key missing_key = {1, 0, 0, 0}; /* a text of no bytes has zeros alone */

static int make_slots(sif_dictionary *d, size_t n_slots) {
    d->room_of_slots = n_slots < SIZE_MAX / sizeof(slot) ? sif_allocate_large((n_slots + 1) * sizeof(slot)) : NULL; /* one way: 64 bits */
    if (d->room_of_slots == NULL)
        return -1;
    char *const room = d->room_of_slots;
    d->slots = (slot *)(void *)(room + (sizeof(slot) - (uintptr_t)room % sizeof(slot)) % sizeof(slot));
    memset(d->slots, 0, n_slots * sizeof(slot));
    d->n_slots = n_slots;
    for (d->shift = 64; n_slots > 1; n_slots /= 2)
        d->shift--;
    return 0;
}

sif_dictionary *sif_new_dictionary(uint64_t seed, int64_t most) {
    sif_dictionary *const d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->most = most;
    sow(d->seed, seed);
    if (make_slots(d, SIF_FIRST_SLOTS) != 0) {
        free(d);
        return NULL;
    }
    d->slots[hash_of(missing_key, d->seed) >> d->shift] = (slot){missing_key.a, 0, 0, 0, 1};
    return d;
}

void sif_free_dictionary(sif_dictionary *d) {
    if (d == NULL)
        return;
    sif_free_large(d->room_of_slots, (d->n_slots + 1) * sizeof(slot));
    free(d->ends);
    free(d->first_rows);
    free(d->bytes);
    free(d);
}

int64_t sif_dictionary_size(const sif_dictionary *d) {
    return d->size;
}

const int64_t *sif_first_rows(const sif_dictionary *d) {
    return d->first_rows;
}

sif_labels sif_labels_of(const sif_dictionary *d) {
    return (sif_labels){d->size, d->ends, d->bytes};
}

static key key_of_slot(const sif_dictionary *d, const slot *s, int anew) {
    if (s->length <= SHORT)
        return (key){s->a, s->b, s->c, s->length};
    return anew ? long_key(d->bytes + s->c, s->length, d->seed) : (key){s->a, s->b, LONG, s->length};
}

/* Puts all slots into a table of that size; where the seed is another now, long texts are hashed anew. */
static int rebuild(sif_dictionary *d, size_t n_slots, int anew) {
    const slot *const old = d->slots;
    void *const old_room = d->room_of_slots;
    const size_t had = d->n_slots;
    if (make_slots(d, n_slots) != 0) {
        d->room_of_slots = old_room; /* so that it is freed */
        return -1;
    }
    for (size_t i = 0; i < had; i++) {
        if (old[i].code == 0)
            continue;
        const key k = key_of_slot(d, &old[i], anew);
        size_t at = hash_of(k, d->seed) >> d->shift;
        while (d->slots[at].code != 0)
            at = (at + 1) & (n_slots - 1);
        d->slots[at] = (slot){k.a, k.b, old[i].c, old[i].length, old[i].code};
    }
    sif_free_large(old_room, (had + 1) * sizeof(slot));
    return 0;
}

static void *resized(void *memory, int64_t count, size_t width) {
    return (uint64_t)count <= SIZE_MAX / width ? realloc(memory, (size_t)count * width) : NULL; /* one way: of 64 bits */
}

static int make_room(sif_dictionary *d, uint32_t length) {
    if (d->size == d->capacity) {
        const int64_t capacity = 2 * d->capacity + 64;
        int64_t *const ends = resized(d->ends, capacity, sizeof *ends);
        if (ends == NULL)
            return -1;
        d->ends = ends;
        int64_t *const first_rows = resized(d->first_rows, capacity, sizeof *first_rows);
        if (first_rows == NULL)
            return -1;
        d->first_rows = first_rows;
        d->capacity = capacity;
    }
    if (d->n_bytes + length >= d->capacity_of_bytes) { /* never NULL, even where all texts are empty */
        const int64_t capacity = 2 * d->capacity_of_bytes + length + 1024;
        uint8_t *const bytes = resized(d->bytes, capacity, 1);
        if (bytes == NULL)
            return -1;
        d->bytes = bytes;
        d->capacity_of_bytes = capacity;
    }
    return 0;
}

/* How many bytes the character that begins here has; 0 where none does (RFC 3629). */
static size_t character_at(const uint8_t *bytes, size_t left) {
    static const uint8_t least[4] = {0x80, 0x80, 0xA0, 0x90}; /* of a second byte; after the first of three, E0, and of four, F0 */
    const uint8_t first = bytes[0];
    if (first < 0x80)
        return 1;
    const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || length > left)
        return 0;
    const uint8_t low = first == 0xE0 || first == 0xF0 ? least[length - 1] : 0x80, high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (bytes[i] >> 6 != 2)
            return 0;
    return length;
}

static int is_utf8(const uint8_t *bytes, size_t length) {
    size_t i = 0;
    while (i < length) {
        if (length - i >= 8 && (sif_load8(bytes + i) & UINT64_C(0x8080808080808080)) == 0)
            i += 8;
        else {
            const size_t width = character_at(bytes + i, length - i);
            if (width == 0)
                return 0;
            i += width;
        }
    }
    return 1;
}

/* A new label, at an empty slot. */
static APART sif_code add(sif_dictionary *d, size_t at, key k, const uint8_t *text, int64_t row, int32_t *code) {
    const uint32_t length = (uint32_t)k.length;
    if (d->size >= d->most)
        return SIF_TOO_LARGE;
    if (make_room(d, length) != 0)
        return SIF_NO_MEMORY;
    if (length > 0)
        memcpy(d->bytes + d->n_bytes, text, length);
    if (!is_utf8(d->bytes + d->n_bytes, length)) /* of the copy, to which nobody writes */
        return SIF_BAD_TEXT;
    d->slots[at] = (slot){k.a, k.b, length > SHORT ? (uint64_t)d->n_bytes : k.c, length, (uint32_t)d->size + CODES_BEFORE};
    d->n_bytes += length;
    d->ends[d->size] = d->n_bytes;
    d->first_rows[d->size] = row;
    *code = (int32_t)d->size++;
    const size_t in_use = (size_t)d->size + 1, n = d->n_slots;
    if (in_use * (n <= SIF_SPARSE_SLOTS ? 16 : 2) <= n)
        return SIF_OK;
    const size_t larger = n > SIF_SPARSE_SLOTS && n <= GROWS_FASTER ? 4 * n : 2 * n; /* one way: tests make fewer than GROWS_FASTER labels */
    return rebuild(d, larger, 0) == 0 ? SIF_OK : SIF_NO_MEMORY;
}

SIF_INLINE int is_short_like(const slot *s, key k) {
    const uint64_t unlike = (s->a ^ k.a) | (s->b ^ k.b) | (s->c ^ k.c) | (s->length ^ k.length);
    return unlike == 0 && s->code != 0; /* one way: an inlined copy meets no empty slot so */
}

/* In words of 8 bytes; memcmp takes longer for texts of this length. */
static int is_long_like(const sif_dictionary *d, const slot *s, key k, const uint8_t *text) {
    if (s->a != k.a || s->b != k.b || s->length != k.length) /* one way: a and b are hashes of length and text */
        return 0;
    const uint8_t *const known = d->bytes + s->c;
    const size_t length = s->length;
    uint64_t unlike = sif_load8(text + length - 8) ^ sif_load8(known + length - 8);
    for (size_t i = 0; i + 8 < length; i += 8)
        unlike |= sif_load8(text + i) ^ sif_load8(known + i);
    return unlike == 0;
}

SIF_INLINE int is_like(const sif_dictionary *d, const slot *s, key k, const uint8_t *text) {
    return LIKELY(k.length <= SHORT) ? is_short_like(s, k) : is_long_like(d, s, k, text);
}

/* Another seed: somebody has chosen these texts, or this one is unlucky. */
static APART sif_code reseed(sif_dictionary *d) {
    sow(d->seed, folded(d->seed[0] ^ GOLDEN, d->seed[1]) ^ d->seed[2]);
    d->reseedings++;
    return rebuild(d, d->n_slots, 1) == 0 ? SIF_OK : SIF_NO_MEMORY;
}

/* The code of a text, which is added where it is new. */
static inline sif_code find(sif_dictionary *d, uint64_t hash, key k, const uint8_t *text, int64_t row, int32_t *code) {
    size_t at = (size_t)(hash >> d->shift);
    for (int steps = 0;; steps++) {
        const slot *const s = &d->slots[at];
        if (s->code == 0)
            return add(d, at, k, text, row, code);
        if (is_like(d, s, k, text)) {
            *code = (int32_t)s->code - CODES_BEFORE;
            return SIF_OK;
        }
        at = (at + 1) & (d->n_slots - 1);
        if (steps >= SIF_MOST_STEPS && d->reseedings < MOST_RESEEDINGS) {
            if (reseed(d) != SIF_OK)
                return SIF_NO_MEMORY;
            if (k.length > SHORT)
                k = long_key(text, (uint32_t)k.length, d->seed);
            at = (size_t)(hash_of(k, d->seed) >> d->shift);
            steps = 0;
        }
    }
}

static APART sif_code find_slowly(sif_dictionary *d, uint64_t hash, key k, const uint8_t *text, int64_t row, int32_t *code) {
    return find(d, hash, k, text, row, code);
}

/* ---- rows */

/* The key of row r of a block. A missing row has length 0. */
SIF_INLINE key key_of_row(const sif_text_block *block, size_t r, int is_plain, const uint64_t *seed) {
    const uint8_t *const text = block->text[r];
    const uint32_t length = block->length[r];
    key k;
    if (is_plain) /* one way: each copy of this function knows it */
        k = short_key(text, length);
    else if (length > SHORT) /* one way: as above */
        return long_key(text, length, seed);
    else
        k = block->has_room[r] ? short_key(text, length) : short_key_exactly(text, length); /* one way: as above */
    k.a |= block->missing[r];
    return k;
}

/* The codes of a block, row by row, while the table is near. */
SIF_INLINE sif_code encode_near(sif_dictionary *d, const sif_text_block *block, size_t count, int is_plain, int64_t row, int32_t *codes,
                                size_t *done) {
    /* Copies, as the codes that are written might else be taken for parts of these. */
    uint64_t seed[4];
    memcpy(seed, d->seed, sizeof seed);
    const slot *slots = d->slots;
    int shift = d->shift;
    for (size_t r = 0; r < count; r++) {
        const key k = key_of_row(block, r, is_plain, seed);
        const uint64_t hash = hash_of(k, seed);
        const slot *const s = &slots[hash >> shift];
        codes[r] = (int32_t)s->code - CODES_BEFORE;
        if (LIKELY(is_short_like(s, k)))
            continue;
        if (!is_plain && k.length > SHORT && is_long_like(d, s, k, block->text[r])) /* one way: each copy knows is_plain */
            continue;
        const sif_code code = find_slowly(d, hash, k, block->text[r], row + (int64_t)r, &codes[r]);
        if (code != SIF_OK) {
            *done = r;
            return code;
        }
        memcpy(seed, d->seed, sizeof seed);
        slots = d->slots;
        shift = d->shift;
    }
    return SIF_OK;
}

/* The same once the table is far: the slots of all rows are fetched first. */
SIF_INLINE sif_code encode_far(sif_dictionary *d, const sif_text_block *block, size_t count, int is_plain, int64_t row, int32_t *codes,
                               size_t *done) {
    key k[BLOCK];
    uint64_t hash[BLOCK];
    int reseedings = d->reseedings;
    for (size_t r = 0; r < count; r++) {
        k[r] = key_of_row(block, r, is_plain, d->seed); /* one way: each copy knows is_plain */
        hash[r] = hash_of(k[r], d->seed);
        SIF_FETCH(&d->slots[hash[r] >> d->shift]);
    }
    for (size_t r = 0; r < count; r++) {
        if (!LIKELY(reseedings == d->reseedings)) {
            reseedings = d->reseedings;
            for (size_t later = r; later < count; later++) {
                k[later] = key_of_row(block, later, is_plain, d->seed); /* one way: each copy knows is_plain */
                hash[later] = hash_of(k[later], d->seed);
            }
        }
        const sif_code code = find(d, hash[r], k[r], block->text[r], row + (int64_t)r, &codes[r]);
        if (code != SIF_OK) {
            *done = r;
            return code;
        }
    }
    return SIF_OK;
}

sif_status sif_encode_text(sif_dictionary *d, const sif_texts *texts, int64_t first_row, int32_t *codes, const sif_interrupt_check *interrupt) {
    int64_t work = 0;
    sif_text_block block;
    for (int64_t i = 0; i < texts->n; i += BLOCK) {
        const size_t count = texts->n - i < BLOCK ? (size_t)(texts->n - i) : BLOCK;
        const int64_t row = first_row + i, outside = sif_find_texts(texts, i, count, &block);
        if (outside >= 0)
            return sif_fail(SIF_BAD_TEXT, row + outside, 0);
        size_t at = 0;
        const int is_near = d->n_slots <= SIF_NEAR_SLOTS;
        const sif_code code = is_near && block.is_plain ? encode_near(d, &block, count, 1, row, codes + i, &at)
                              : is_near                 ? encode_near(d, &block, count, 0, row, codes + i, &at)
                              : block.is_plain          ? encode_far(d, &block, count, 1, row, codes + i, &at)
                                                        : encode_far(d, &block, count, 0, row, codes + i, &at);
        if (code != SIF_OK)
            return sif_fail(code, code == SIF_NO_MEMORY ? -1 : row + (int64_t)at, code == SIF_TOO_LARGE ? d->most : 0);
        if (sif_is_interrupted_after(interrupt, &work, (int64_t)count))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    return sif_ok();
}

sif_status sif_recode(int64_t n, int64_t size, const int32_t *place, int32_t *codes, const sif_interrupt_check *interrupt) {
    int64_t work = 0;
    for (int64_t first = 0; first < n; first += SIF_ROWS_PER_CHECK) {
        const int64_t stop = n - first < SIF_ROWS_PER_CHECK ? n : first + SIF_ROWS_PER_CHECK;
        for (int64_t i = first; i < stop; i++) {
            const int32_t code = codes[i];
            codes[i] = code >= 0 && code < size ? place[code] : -1;
        }
        if (sif_is_interrupted_after(interrupt, &work, stop - first))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    return sif_ok();
}
