/* Texts become codes: a dictionary that knows each label that it has met, and the codes of rows by it.
 *
 * The dictionary is an open table of slots of 16 bytes. A slot holds a text of at most 8 bytes itself, as numbers of providers have, so that
 * a row costs one load and one comparison; of a text of at most 40 bytes the rest lies in a second table; of a longer one there are 128 bits
 * of hash and where its bytes lie, which are compared then. Keys are made without branches: 8, 24 or 40 bytes are loaded where they may be,
 * and what lies behind the text is masked away. Once the table has left the nearest caches, the slots of a block of rows are fetched before
 * the first of them is looked at. Where labels are few, most rows are looked up in a table of their own instead, see encode_few.c; where many
 * labels are as alike as numbers of providers are, the slots give way to a table by numbers, see encode_numbers.c. */
#include <stdlib.h>
#include <string.h>

#include "encode_text.h"
#include "ordering.h"

/* Tests make these small, so that few texts reach all that many do. */
#ifndef SIF_FIRST_SLOTS
#define SIF_FIRST_SLOTS 1024
#endif
#ifndef SIF_NEAR_SLOTS /* beyond so many they are fetched ahead */
#define SIF_NEAR_SLOTS (1 << 14)
#endif
#ifndef SIF_ROWS_A_LABEL /* rows for each label before few labels get a table of their own */
#define SIF_ROWS_A_LABEL 16
#endif
#ifndef SIF_MOST_STEPS /* from a text's slot to where it is: chance needs fewer than a hundred */
#define SIF_MOST_STEPS 512
#endif
enum {
    BLOCK = SIF_TEXT_BLOCK,
    TINY = SIF_TINY_TEXT,
    SHORT = SIF_SHORT_TEXT,
    MEDIUM = SIF_MEDIUM_TEXT,
    SEEDS = 6,
    MOST_RESEEDINGS = 16, /* that so many seeds were all unlucky can't be: then no other is tried */
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

/* Five words of a text, zeros behind it, and its length + 1; of a long text two words of hash and zeros. A missing row has zeros and
 * SIF_MISSING_TEXT. Passed by value, so that it stays in registers. */
typedef struct {
    uint64_t a, b, c, d, e;
    uint32_t width;
} key;

typedef struct {
    uint64_t a;     /* as in the key */
    uint32_t width; /* as in the key; 0 where the slot is empty */
    int32_t code;
} slot;

/* What a slot has no room for, as in the key; zeros where the text is tiny. c of a long text is where it begins among the bytes of labels. */
typedef struct {
    uint64_t b, c, d, e;
} rest;

struct sif_dictionary {
    uint64_t seed[SEEDS];
    slot *slots;
    rest *rests; /* of the slots */
    void *rooms[2]; /* in which they lie, so that none straddles two lines of the cache */
    size_t n_slots;
    int shift; /* of a hash: leaves the bits that number a slot */
    int reseedings;
    int64_t size, most, capacity, n_bytes, capacity_of_bytes;
    int64_t *ends, *first_rows;
    uint8_t *bytes;
    sif_few *few;            /* few labels by their places; NULL: none yet */
    int64_t few_size;        /* how many labels there were then; 0: it is out of use */
    int64_t rows_without;    /* looked up since there were more */
    sif_numbering numbering; /* where it has codes, the slots are out of use */
};

static inline int is_long(uint32_t width) { return width > MEDIUM + 1 && width != SIF_MISSING_TEXT; }
static inline int has_rest(uint32_t width) { return width > TINY + 1 && width != SIF_MISSING_TEXT; }

/* ---- keys and their hashes */

const uint8_t sif_text_masks[2 * MEDIUM] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                            255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                            255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

/* Where all texts are tiny or short, some words are known to be zeros. */
SIF_INLINE key masked_key(const uint8_t *text, uint32_t length, uint32_t width, sif_text_form form) {
    key k = {sif_masked_word(text, length, 0), 0, 0, 0, 0, width};
    if (form != SIF_TINY_TEXTS) { /* one way: inlined copies know it */
        k.b = sif_masked_word(text, length, 1);
        k.c = sif_masked_word(text, length, 2);
    }
    if (form != SIF_TINY_TEXTS && form != SIF_SHORT_TEXTS) { /* one way: as above */
        k.d = sif_masked_word(text, length, 3);
        k.e = sif_masked_word(text, length, 4);
    }
    return k;
}

/* The same where no byte behind the text may be read. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* The word that begins at byte `at`, in registers and without a branch: the last eight bytes once more, moved to where they belong. */
SIF_INLINE uint64_t exact_word(const uint8_t *text, uint32_t length, uint32_t at) {
    const uint32_t from = at < length - 8 ? at : length - 8, beyond = at - from;
    const uint64_t word = sif_load8(text + from) >> (8 * beyond & 63);
    return beyond < 8 ? word : 0; /* one way: inlined copies know some of it */
}

SIF_INLINE key exact_key(const uint8_t *text, uint32_t length, uint32_t width) {
    if (length >= 8) /* one way: inlined copies know some of it */
        return (key){sif_load8(text), exact_word(text, length, 8), exact_word(text, length, 16), exact_word(text, length, 24),
                     exact_word(text, length, 32), width};
    key k = {0, 0, 0, 0, 0, width};
    for (uint32_t i = 0; i < length; i++) /* one way: as above */
        k.a |= (uint64_t)text[i] << 8 * i;
    return k;
}
#else
SIF_INLINE key exact_key(const uint8_t *text, uint32_t length, uint32_t width) {
    uint8_t room[MEDIUM] = {0};
    for (uint32_t i = 0; i < length; i++)
        room[i] = text[i];
    return masked_key(room, length, width, SIF_MEDIUM_TEXTS);
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
    const uint8_t *const last32 = text + length - 32, *const last16 = text + length - 16; /* some bytes once more */
    first = folded(sif_load8(last32) ^ seed[2] ^ first, sif_load8(last32 + 8) ^ seed[3]);
    second = folded(sif_load8(last16) ^ seed[3] ^ second, sif_load8(last16 + 8) ^ seed[0]);
    return (key){first, second, 0, 0, 0, length + 1};
}

/* Two words at a time, each with a secret, are multiplied. The table takes the upper bits. What words add is none where both are zero. */
SIF_INLINE uint64_t hash_of(key k, const uint64_t *seed, sif_text_form form) {
    uint64_t sum = folded(k.a ^ seed[0], k.width ^ seed[1]);
    if (form != SIF_TINY_TEXTS) /* one way: inlined copies know it */
        sum += folded(k.b ^ seed[2], k.c ^ seed[3]) - folded(seed[2], seed[3]);
    if (form != SIF_TINY_TEXTS && form != SIF_SHORT_TEXTS) /* one way: as above */
        sum += folded(k.d ^ seed[4], k.e ^ seed[5]) - folded(seed[4], seed[5]);
    return sum;
}

void sif_sow(uint64_t *words, size_t count, uint64_t seed) {
    for (size_t i = 0; i < count; i++) {
        seed += GOLDEN;
        uint64_t word = (seed ^ seed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
        words[i] = word ^ word >> 31;
    }
}

/* ---- the table */

static const key missing_key = {0, 0, 0, 0, 0, SIF_MISSING_TEXT};

/* The first place in a room of `width` bytes more that such a one lies at. */
static void *first_place(void *room, size_t width) { return (char *)room + (width - (uintptr_t)room % width) % width; }

static void free_rooms(void *const *rooms, size_t n_slots) {
    sif_free_large(rooms[0], (n_slots + 1) * sizeof(slot));
    sif_free_large(rooms[1], (n_slots + 1) * sizeof(rest));
}

/* All zeros. Of many the system gives pages that take no room until they are written: rests of tiny texts never are. */
static int make_slots(sif_dictionary *d, size_t n_slots) {
    void *rooms[2] = {NULL, NULL};
    if (n_slots < SIZE_MAX / sizeof(rest)) { /* one way: of 64 bits */
        rooms[0] = sif_allocate_zeros((n_slots + 1) * sizeof(slot));
        rooms[1] = rooms[0] != NULL ? sif_allocate_zeros((n_slots + 1) * sizeof(rest)) : NULL;
    }
    if (rooms[1] == NULL) {
        free_rooms(rooms, n_slots);
        return -1;
    }
    memcpy(d->rooms, rooms, sizeof rooms);
    d->slots = first_place(rooms[0], sizeof(slot));
    d->rests = first_place(rooms[1], sizeof(rest));
    d->n_slots = n_slots;
    for (d->shift = 64; n_slots > 1; n_slots /= 2)
        d->shift--;
    return 0;
}

/* At an empty slot. */
static void fill(sif_dictionary *d, size_t at, key k, uint64_t c, int32_t code) {
    d->slots[at] = (slot){k.a, k.width, code};
    if (has_rest(k.width))
        d->rests[at] = (rest){k.b, c, k.d, k.e};
}

const sif_numbering *sif_numbering_of(const sif_dictionary *d) {
    return d->numbering.codes != NULL ? &d->numbering : NULL;
}

/* The key of a text that lies among the bytes of labels: so many may be read behind it. */
static key key_of_label(const sif_dictionary *d, const uint8_t *text, uint32_t length) {
    return length <= MEDIUM ? masked_key(text, length, length + 1, SIF_MEDIUM_TEXTS) : long_key(text, length, d->seed);
}

/* Puts all labels into a table of that size. */
static int rebuild(sif_dictionary *d, size_t n_slots) {
    const sif_dictionary old = *d;
    if (make_slots(d, n_slots) != 0)
        return -1;
    free_rooms(old.rooms, old.n_slots);
    fill(d, hash_of(missing_key, d->seed, SIF_TINY_TEXTS) >> d->shift, missing_key, 0, -1);
    int64_t begin = 0;
    for (int64_t label = 0; label < d->size; begin = d->ends[label++]) {
        const key k = key_of_label(d, d->bytes + begin, (uint32_t)(d->ends[label] - begin));
        size_t at = hash_of(k, d->seed, SIF_MEDIUM_TEXTS) >> d->shift;
        while (d->slots[at].width != 0)
            at = (at + 1) & (n_slots - 1);
        fill(d, at, k, is_long(k.width) ? (uint64_t)begin : k.c, (int32_t)label);
    }
    return 0;
}

sif_dictionary *sif_new_dictionary(uint64_t seed, int64_t most) {
    sif_dictionary *const d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->most = most;
    sif_sow(d->seed, SEEDS, seed);
    if (rebuild(d, SIF_FIRST_SLOTS) != 0) {
        free(d);
        return NULL;
    }
    return d;
}

void sif_free_dictionary(sif_dictionary *d) {
    if (d == NULL)
        return;
    free_rooms(d->rooms, d->n_slots);
    sif_free_numbering(&d->numbering);
    free(d->few);
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
    if (d->n_bytes + length + SIF_TEXT_ROOM > d->capacity_of_bytes) {
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

static sif_code add_label(sif_dictionary *d, const uint8_t *text, uint32_t length, int64_t row) {
    if (d->size >= d->most)
        return SIF_TOO_LARGE;
    if (make_room(d, length) != 0)
        return SIF_NO_MEMORY;
    if (length > 0)
        memcpy(d->bytes + d->n_bytes, text, length);
    if (!is_utf8(d->bytes + d->n_bytes, length)) /* of the copy, to which nobody writes */
        return SIF_BAD_TEXT;
    d->n_bytes += length;
    d->ends[d->size] = d->n_bytes;
    d->first_rows[d->size++] = row;
    return SIF_OK;
}

/* Near slots are at most a quarter full: a second look is a branch that no one foresees. Far ones are at most half full. */
static int is_crowded(const sif_dictionary *d, size_t n_slots) {
    return ((size_t)d->size + 1) * (n_slots <= SIF_NEAR_SLOTS ? 4 : 2) > n_slots;
}

/* A larger table for all labels: by their numbers where there are many and that is possible, else of slots. */
static APART sif_code grow(sif_dictionary *d) {
    size_t n = d->n_slots;
    sif_free_numbering(&d->numbering);
    const sif_labels labels = sif_labels_of(d);
    if (d->size >= SIF_FEW && sif_number_labels(&labels, &d->numbering))
        return SIF_OK;
    while (is_crowded(d, n))
        n *= n <= GROWS_FASTER ? 4 : 2; /* one way: tests make fewer than GROWS_FASTER labels */
    return rebuild(d, n) == 0 ? SIF_OK : SIF_NO_MEMORY;
}

/* A new label, at an empty slot. */
static APART sif_code add(sif_dictionary *d, size_t at, key k, const uint8_t *text, int64_t row, int32_t *code) {
    const int64_t begin = d->n_bytes;
    const sif_code added = add_label(d, text, k.width - 1, row);
    if (added != SIF_OK)
        return added;
    *code = (int32_t)d->size - 1;
    fill(d, at, k, is_long(k.width) ? (uint64_t)begin : k.c, *code);
    return is_crowded(d, d->n_slots) ? grow(d) : SIF_OK;
}

/* Whether a slot has the text of a key, both of texts of that form. */
SIF_INLINE int is_like_in_form(const slot *s, const rest *r, key k, sif_text_form form) {
    int like = ((s->a ^ k.a) | (s->width ^ k.width)) == 0;
    if (form != SIF_TINY_TEXTS) /* one way: inlined copies know it */
        like &= ((r->b ^ k.b) | (r->c ^ k.c)) == 0;
    if (form == SIF_MEDIUM_TEXTS) /* one way: as above */
        like &= ((r->d ^ k.d) | (r->e ^ k.e)) == 0;
    return like;
}

/* In words of 8 bytes; memcmp takes longer for texts of this length. */
static int is_long_like(const sif_dictionary *d, size_t at, key k, const uint8_t *text) {
    const slot *const s = &d->slots[at];
    const rest *const r = &d->rests[at];
    if (s->a != k.a || s->width != k.width || r->b != k.b) /* one way: a and b are hashes of length and text */
        return 0;
    const uint8_t *const known = d->bytes + r->c;
    const size_t length = s->width - 1;
    uint64_t unlike = sif_load8(text + length - 8) ^ sif_load8(known + length - 8);
    for (size_t i = 0; i + 8 < length; i += 8)
        unlike |= sif_load8(text + i) ^ sif_load8(known + i);
    return unlike == 0;
}

SIF_INLINE int is_like(const sif_dictionary *d, size_t at, key k, const uint8_t *text) {
    if (is_long(k.width)) /* one way: inlined copies know some of it */
        return is_long_like(d, at, k, text);
    const slot *const s = &d->slots[at];
    const rest *const r = &d->rests[at];
    const sif_text_form form = has_rest(k.width) ? SIF_MEDIUM_TEXTS : SIF_TINY_TEXTS; /* one way: as above */
    return is_like_in_form(s, r, k, form);
}

/* Another seed: somebody has chosen these texts, or this one is unlucky. */
static APART sif_code reseed(sif_dictionary *d) {
    sif_sow(d->seed, SEEDS, folded(d->seed[0] ^ GOLDEN, d->seed[1]) ^ d->seed[2]);
    d->reseedings++;
    return rebuild(d, d->n_slots) == 0 ? SIF_OK : SIF_NO_MEMORY;
}

/* The code of a text, which is added where it is new. */
static APART sif_code find(sif_dictionary *d, uint64_t hash, key k, const uint8_t *text, int64_t row, int32_t *code) {
    size_t at = (size_t)(hash >> d->shift);
    for (int steps = 0;; steps++) {
        if (d->slots[at].width == 0)
            return add(d, at, k, text, row, code);
        if (is_like(d, at, k, text)) {
            *code = d->slots[at].code;
            return SIF_OK;
        }
        at = (at + 1) & (d->n_slots - 1);
        if (steps >= SIF_MOST_STEPS && d->reseedings < MOST_RESEEDINGS) {
            if (reseed(d) != SIF_OK)
                return SIF_NO_MEMORY;
            if (is_long(k.width))
                k = long_key(text, k.width - 1, d->seed);
            at = (size_t)(hash_of(k, d->seed, SIF_MEDIUM_TEXTS) >> d->shift);
            steps = 0;
        }
    }
}

/* ---- rows */

/* The key of row r of a block. */
SIF_INLINE key key_of_row(const sif_text_block *block, size_t r, sif_text_form form, const uint64_t *seed) {
    const uint8_t *const text = block->text[r];
    const uint32_t length = block->length[r], width = block->width[r];
    if (form != SIF_ANY_TEXTS || (block->has_room[r] && length <= MEDIUM)) /* one way: each copy of this function knows the form */
        return masked_key(text, length, width, form);
    return length <= MEDIUM ? exact_key(text, length, width) : long_key(text, length, seed); /* one way: as above */
}

/* The code of a text that is not in its first slot; SIF_UNKNOWN where it is not found soon. */
static APART int32_t known_code(const sif_dictionary *d, size_t at, key k, const uint8_t *text) {
    for (int steps = 0; steps < SIF_MOST_STEPS && d->slots[at].width != 0; steps++) {
        if (is_like(d, at, k, text))
            return d->slots[at].code;
        at = (at + 1) & (d->n_slots - 1);
    }
    return SIF_UNKNOWN;
}

/* The codes of a block. Of a table that is far the slots of all rows are fetched first. Returns how many rows are unknown. */
SIF_INLINE size_t look_up_block(const sif_dictionary *d, const sif_text_block *block, size_t count, sif_text_form form, int is_far,
                                int32_t *codes) {
    /* Copies, as the codes that are written might else be taken for parts of these. */
    uint64_t seed[SEEDS];
    memcpy(seed, d->seed, sizeof seed);
    const slot *const slots = d->slots;
    const rest *const rests = d->rests;
    const int shift = d->shift;
    uint64_t hash[BLOCK];
    for (size_t r = 0; is_far && r < count; r++) { /* one way: inlined copies know it */
        hash[r] = hash_of(key_of_row(block, r, form, seed), seed, form);
        SIF_FETCH(&slots[hash[r] >> shift]);
        if (form != SIF_TINY_TEXTS) /* one way: as above */
            SIF_FETCH(&rests[hash[r] >> shift]);
    }
    size_t n_unknown = 0;
    for (size_t r = 0; r < count; r++) {
        const key k = key_of_row(block, r, form, seed);
        /* cppcheck-suppress uninitvar; hashes are there where the table is far */
        const size_t at = (size_t)((is_far ? hash[r] : hash_of(k, seed, form)) >> shift); /* one way: as above */
        codes[r] = slots[at].code;
        const int is_found =
            form == SIF_ANY_TEXTS ? is_like(d, at, k, block->text[r]) : is_like_in_form(&slots[at], &rests[at], k, form); /* one way: as above */
        if (LIKELY(is_found))
            continue;
        const int32_t code = known_code(d, at, k, block->text[r]);
        codes[r] = code;
        n_unknown += code == SIF_UNKNOWN;
    }
    return n_unknown;
}

/* The numbers of the rows of a block. */
SIF_INLINE void find_numbers(const sif_dictionary *d, const sif_text_block *block, size_t count, sif_text_form form, uint32_t *number) {
    uint64_t first[BLOCK], second[BLOCK];
    for (size_t r = 0; r < count; r++) {
        const key k = key_of_row(block, r, form, d->seed); /* one way: inlined copies know some of it */
        first[r] = k.a;
        second[r] = k.b;
    }
    sif_find_numbers(&d->numbering, (const uint64_t *const[]){first, second}, block->width, count, number);
}

static void number_rows(const sif_dictionary *d, const sif_text_block *block, size_t count, uint32_t *number) {
    if (block->form == SIF_TINY_TEXTS)
        find_numbers(d, block, count, SIF_TINY_TEXTS, number);
    else if (block->form == SIF_SHORT_TEXTS)
        find_numbers(d, block, count, SIF_SHORT_TEXTS, number);
    else
        find_numbers(d, block, count, block->form, number);
}

/* The codes of a block where labels are numbered. */
static size_t look_up_numbers(const sif_dictionary *d, const sif_text_block *block, size_t count, int32_t *codes) {
    uint32_t number[BLOCK];
    number_rows(d, block, count, number);
    size_t n_unknown = 0;
    for (size_t r = 0; r < count; r++) {
        codes[r] = d->numbering.codes[number[r]] + SIF_UNKNOWN;
        n_unknown += codes[r] == SIF_UNKNOWN;
    }
    return n_unknown;
}

/* The codes of a block where labels are few; those that their table does not have are looked up in the slots. */
static size_t look_up_in_few(const sif_dictionary *d, const sif_text_block *block, size_t count, int32_t *codes) {
    size_t n_unknown = sif_look_up_few(d->few, block, count, codes);
    if (LIKELY(n_unknown == 0))
        return 0;
    n_unknown = 0;
    for (size_t r = 0; r < count; r++) {
        if (codes[r] != SIF_UNKNOWN)
            continue;
        const key k = key_of_row(block, r, SIF_MEDIUM_TEXTS, d->seed); /* one way: this copy knows the form */
        codes[r] = known_code(d, (size_t)(hash_of(k, d->seed, SIF_MEDIUM_TEXTS) >> d->shift), k, block->text[r]);
        n_unknown += codes[r] == SIF_UNKNOWN;
    }
    return n_unknown;
}

SIF_INLINE size_t look_up_in_form(const sif_dictionary *d, const sif_text_block *block, size_t count, sif_text_form form, int32_t *codes) {
    return d->n_slots > SIF_NEAR_SLOTS ? look_up_block(d, block, count, form, 1, codes) : look_up_block(d, block, count, form, 0, codes);
}

static size_t look_up_rows(const sif_dictionary *d, const sif_text_block *block, size_t count, int32_t *codes) {
    if (d->numbering.codes != NULL)
        return look_up_numbers(d, block, count, codes);
    if (d->few_size > 0 && block->form != SIF_ANY_TEXTS)
        return look_up_in_few(d, block, count, codes);
    switch (block->form) {
    case SIF_TINY_TEXTS:
        return look_up_in_form(d, block, count, SIF_TINY_TEXTS, codes);
    case SIF_SHORT_TEXTS:
        return look_up_in_form(d, block, count, SIF_SHORT_TEXTS, codes);
    case SIF_MEDIUM_TEXTS:
        return look_up_in_form(d, block, count, SIF_MEDIUM_TEXTS, codes);
    default: /* SIF_ANY_TEXTS */
        return look_up_in_form(d, block, count, SIF_ANY_TEXTS, codes);
    }
}

/* Adds the texts of rows of a block that are unknown, until labels are numbered. `first` is the number of the block's first row; `bad`
 * becomes that of a row that is wrong. */
static sif_code add_unknown(sif_dictionary *d, const sif_text_block *block, size_t count, int64_t first, int32_t *codes, int64_t *bad) {
    const int reseedings = d->reseedings;
    size_t row[BLOCK], n = 0;
    uint64_t hash[BLOCK];
    for (size_t r = 0; r < count; r++) { /* without branches: where half of the rows are unknown, none is foreseen */
        row[n] = r;
        n += codes[r] == SIF_UNKNOWN;
    }
    for (size_t i = 0; i < n; i++) {
        hash[i] = hash_of(key_of_row(block, row[i], block->form, d->seed), d->seed, SIF_MEDIUM_TEXTS);
        SIF_FETCH(&d->slots[hash[i] >> d->shift]);
        if (block->form != SIF_TINY_TEXTS)
            SIF_FETCH(&d->rests[hash[i] >> d->shift]);
    }
    for (size_t i = 0; i < n && d->numbering.codes == NULL; i++) {
        const key k = key_of_row(block, row[i], block->form, d->seed);
        const uint64_t of_row = LIKELY(d->reseedings == reseedings) ? hash[i] : hash_of(k, d->seed, SIF_MEDIUM_TEXTS);
        *bad = first + (int64_t)row[i];
        const sif_code code = find(d, of_row, k, block->text[row[i]], *bad, &codes[row[i]]);
        if (code != SIF_OK)
            return code;
    }
    return SIF_OK;
}

/* The codes of rows of a block from their numbers. Texts that are new are added, until one does not fit the numbers, and labels have a new
 * table: then `has_grown`. */
static sif_code add_numbered(sif_dictionary *d, const sif_text_block *block, size_t count, const uint32_t *number, int64_t first,
                             int32_t *codes, int64_t *bad, int *has_grown) {
    int32_t *const code_of = d->numbering.codes;
    for (size_t r = 0; r < count; r++) {
        codes[r] = code_of[number[r]] + SIF_UNKNOWN;
        if (LIKELY(codes[r] != SIF_UNKNOWN))
            continue;
        *bad = first + (int64_t)r;
        const sif_code code = add_label(d, block->text[r], block->length[r], *bad);
        if (code != SIF_OK)
            return code;
        if (number[r] == d->numbering.size) {
            *has_grown = 1;
            return grow(d);
        }
        codes[r] = (int32_t)d->size - 1;
        code_of[number[r]] = codes[r] - SIF_UNKNOWN;
    }
    return SIF_OK;
}

/* The codes of a block, the first row of which has the number `first`; `are_looked_up`: of those of its rows that were unknown. Labels may get
 * a new table within the block, where they are numbered from then on or no more: then it is begun again, and finds those that it added. */
static sif_code encode_block(sif_dictionary *d, const sif_text_block *block, size_t count, int are_looked_up, int64_t first, int32_t *codes,
                             int64_t *bad) {
    uint32_t number[BLOCK];
    sif_code code = SIF_OK;
    int is_done = 0;
    for (; !is_done; are_looked_up = 0) {
        int has_grown = 0;
        if (d->numbering.codes != NULL) {
            number_rows(d, block, count, number);
            code = add_numbered(d, block, count, number, first, codes, bad, &has_grown);
        } else if (are_looked_up || look_up_rows(d, block, count, codes) > 0) {
            code = add_unknown(d, block, count, first, codes, bad);
            has_grown = d->numbering.codes != NULL;
        }
        is_done = code != SIF_OK || !has_grown;
    }
    return code;
}

/* After `count` rows: few labels get a table of their own once there were rows enough to pay for it. */
static inline sif_code consider_few(sif_dictionary *d, size_t count) {
    if (d->few_size == d->size)
        return SIF_OK;
    d->rows_without += (int64_t)count;
    if (d->rows_without < SIF_ROWS_A_LABEL * (d->size + SIF_FEW / 8))
        return SIF_OK;
    d->rows_without = 0;
    d->few_size = 0;
    if (d->size > SIF_FEW)
        return SIF_OK;
    const sif_labels labels = sif_labels_of(d);
    sif_few *const few = sif_find_places(d->few, &labels, d->seed[0]);
    if (few == NULL)
        return SIF_NO_MEMORY;
    d->few = few;
    d->few_size = d->size;
    return SIF_OK;
}

static int has_unknown(const int32_t *codes, size_t count) {
    int any = 0;
    for (size_t r = 0; r < count; r++)
        any |= codes[r] == SIF_UNKNOWN;
    return any;
}

/* Looks all rows up, and adds what is unknown; or of rows that have been looked up adds what was unknown. */
static sif_status encode_rows(sif_dictionary *d, const sif_texts *texts, int64_t first_row, int are_looked_up, int32_t *codes,
                              const sif_interrupt_check *interrupt) {
    int64_t work = 0;
    sif_text_block block;
    for (int64_t i = 0; i < texts->n; i += BLOCK) {
        const size_t count = texts->n - i < BLOCK ? (size_t)(texts->n - i) : BLOCK;
        if (!are_looked_up || has_unknown(codes + i, count)) {
            const int64_t outside = sif_find_texts(texts, i, count, &block);
            if (outside >= 0)
                return sif_fail(SIF_BAD_TEXT, first_row + i + outside, 0);
            int64_t bad = -1;
            sif_code code = encode_block(d, &block, count, are_looked_up, first_row + i, codes + i, &bad);
            if (code == SIF_OK)
                code = consider_few(d, count);
            if (code != SIF_OK)
                return sif_fail(code, code == SIF_NO_MEMORY ? -1 : bad, code == SIF_TOO_LARGE ? d->most : 0);
        }
        if (sif_is_interrupted_after(interrupt, &work, (int64_t)count))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    return sif_ok();
}

sif_status sif_encode_text(sif_dictionary *d, const sif_texts *texts, int64_t first_row, int32_t *codes, const sif_interrupt_check *interrupt) {
    return encode_rows(d, texts, first_row, 0, codes, interrupt);
}

sif_status sif_encode_unknown(sif_dictionary *d, const sif_texts *texts, int64_t first_row, int32_t *codes,
                              const sif_interrupt_check *interrupt) {
    return encode_rows(d, texts, first_row, 1, codes, interrupt);
}

sif_status sif_look_up_text(const sif_dictionary *d, const sif_texts *texts, int32_t *codes, int64_t *n_unknown,
                            const sif_interrupt_check *interrupt) {
    int64_t work = 0;
    sif_text_block block;
    *n_unknown = 0;
    for (int64_t i = 0; i < texts->n; i += BLOCK) {
        const size_t count = texts->n - i < BLOCK ? (size_t)(texts->n - i) : BLOCK;
        const int is_bad = sif_find_texts(texts, i, count, &block) >= 0;
        for (size_t r = 0; is_bad && r < count; r++)
            codes[i + (int64_t)r] = SIF_UNKNOWN; /* sif_encode_unknown says which row is wrong */
        *n_unknown += (int64_t)(is_bad ? count : look_up_rows(d, &block, count, codes + i));
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
