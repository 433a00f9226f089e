/* Few labels, looked up without a branch: each text at the one place that one of its words, or two, or all give it.
 *
 * The labels stand together in memory, so that all of them stay in the nearest cache, and so does the table of their places, of which few
 * lines are ever touched. A label whose place is taken is not found here, and nor is a text that is none: the slots know them. */
#include "cpu.h"

#if SIF_X86
#include <immintrin.h>
#endif
#include <stdlib.h>

#include "encode_text.h"
#include "ordering.h"

/* Tests make this small, so that few labels find their places taken. */
#ifndef SIF_PLACE_BITS
#define SIF_PLACE_BITS 13
#endif
enum { PLACES = 1 << SIF_PLACE_BITS, PLACE_SHIFT = 64 - SIF_PLACE_BITS, TRIALS = 8 };

typedef struct {
    uint64_t word[SIF_TEXT_WORDS];
    uint32_t width; /* as of a key; 0: no label */
    int32_t code;
} few_label;

/* The words of a text that give its place: one where that tells all labels apart, as the first does grades; else two, as of dates; or all. */
typedef struct {
    uint32_t word[SIF_TEXT_WORDS];
    size_t n;
} chosen_words;

struct sif_few {
    uint64_t factor[SIF_TEXT_WORDS], factor_of_width; /* odd */
    chosen_words chosen;
    uint16_t place[PLACES];       /* which label has it; 0: none */
    few_label label[SIF_FEW + 2]; /* none, the labels, and what is missing */
};

/* Words are random numbers to one who does not know the factors: so no choice of texts makes places meet more often than chance does. */
static size_t place_by_words(const sif_few *few, const few_label *label) {
    uint64_t sum = label->width * few->factor_of_width;
    for (size_t c = 0; c < few->chosen.n; c++)
        sum += label->word[few->chosen.word[c]] * few->factor[c];
    return (size_t)(sum >> PLACE_SHIFT);
}

static void draw_factors(sif_few *few, uint64_t seed) {
    uint64_t words[SIF_TEXT_WORDS + 1];
    sif_sow(words, SIF_TEXT_WORDS + 1, seed);
    for (size_t c = 0; c < SIF_TEXT_WORDS; c++)
        few->factor[c] = words[c] | 1;
    few->factor_of_width = words[SIF_TEXT_WORDS] | 1;
}

static int are_alike(const chosen_words *chosen, const few_label *one, const few_label *other) {
    uint64_t unlike = one->width ^ other->width;
    for (size_t c = 0; c < chosen->n; c++)
        unlike |= one->word[chosen->word[c]] ^ other->word[chosen->word[c]];
    return unlike == 0;
}

/* Returns how many of the labels 1 .. n found their place taken; `n_alike`: by one that no factor gives another place. */
static size_t give_places(sif_few *few, size_t n, size_t *n_alike) {
    size_t without = 0;
    *n_alike = 0;
    memset(few->place, 0, sizeof few->place);
    for (size_t i = 1; i <= n; i++) {
        uint16_t *const place = &few->place[place_by_words(few, &few->label[i])];
        without += *place != 0;
        *n_alike += *place != 0 && are_alike(&few->chosen, &few->label[*place], &few->label[i]);
        *place = *place != 0 ? *place : (uint16_t)i;
    }
    return without;
}

/* One word or, where none does, two that tell the labels 1 .. n apart; where no two do, all words. */
static void choose_words(sif_few *few, size_t n) {
    size_t n_alike = 1;
    for (uint32_t apart = 0; apart < SIF_TEXT_WORDS && n_alike > 0; apart++)
        for (uint32_t first = 0; first + apart < SIF_TEXT_WORDS && n_alike > 0; first++) {
            few->chosen = (chosen_words){{first, first + apart}, apart == 0 ? 1 : 2};
            (void)give_places(few, n, &n_alike);
        }
    if (n_alike > 0)
        few->chosen = (chosen_words){{0, 1, 2, 3, 4}, SIF_TEXT_WORDS};
}

/* The texts of at most medium length, and what is missing. Returns how many there are. */
static size_t take_labels(sif_few *few, const sif_labels *labels) {
    size_t n = 0;
    int64_t begin = 0;
    few->label[0] = (few_label){.code = SIF_UNKNOWN};
    few->label[++n] = (few_label){.width = SIF_MISSING_TEXT, .code = -1};
    for (int64_t label = 0; label < labels->size; begin = labels->ends[label++]) {
        const uint32_t length = (uint32_t)(labels->ends[label] - begin);
        if (length > SIF_MEDIUM_TEXT)
            continue;
        few_label *const of = &few->label[++n];
        *of = (few_label){.width = length + 1, .code = (int32_t)label};
        for (uint32_t w = 0; w < SIF_TEXT_WORDS; w++)
            of->word[w] = sif_masked_word(labels->bytes + begin, length, w);
    }
    return n;
}

sif_few *sif_find_places(sif_few *few, const sif_labels *labels, uint64_t seed) {
    if (few == NULL && (few = malloc(sizeof *few)) == NULL)
        return NULL;
    const size_t n = take_labels(few, labels);
    size_t least = SIZE_MAX, n_alike;
    uint64_t best = seed;
    draw_factors(few, seed);
    choose_words(few, n);
    for (uint64_t trial = 0; trial < TRIALS && least > 0; trial++) {
        draw_factors(few, seed + trial);
        const size_t without = give_places(few, n, &n_alike);
        best = without < least ? seed + trial : best;
        least = without < least ? without : least;
    }
    draw_factors(few, best);
    (void)give_places(few, n, &n_alike);
    return few;
}

/* Bits that are unlike in two words of a text, with zeros behind it, and of a label. */
#if defined(__GNUC__)
typedef uint64_t two_words __attribute__((vector_size(16))); /* one register */

static inline two_words unlike_words(const uint8_t *text, const uint8_t *mask, const uint64_t *of_label) {
    two_words words, of_mask, wanted;
    memcpy(&words, text, sizeof words);
    memcpy(&of_mask, mask, sizeof of_mask);
    memcpy(&wanted, of_label, sizeof wanted);
    return (words & of_mask) ^ wanted;
}

static inline uint64_t either_word(two_words words) { return words[0] | words[1]; }
#else
typedef uint64_t two_words;

static inline two_words unlike_words(const uint8_t *text, const uint8_t *mask, const uint64_t *of_label) {
    return ((sif_load8(text) & sif_load8(mask)) ^ of_label[0]) | ((sif_load8(text + 8) & sif_load8(mask + 8)) ^ of_label[1]);
}

static inline uint64_t either_word(two_words words) { return words; }
#endif

/* What a text is looked up by. A copy, as the codes that are written might else be taken for parts of it. */
typedef struct {
    uint64_t factor[SIF_TEXT_WORDS], factor_of_width;
    chosen_words chosen;
} looked_up_by;

SIF_INLINE looked_up_by by_words_of(const sif_few *few) {
    looked_up_by by = {.factor_of_width = few->factor_of_width, .chosen = few->chosen};
    memcpy(by.factor, few->factor, sizeof by.factor);
    return by;
}

/* The label that has the place of a text. */
SIF_INLINE const few_label *label_in_place(const sif_few *few, const looked_up_by *by, const uint8_t *text, uint32_t length, uint32_t width) {
    uint64_t sum = width * by->factor_of_width;
    for (size_t c = 0; c < by->chosen.n; c++) /* one way: inlined copies know some of it */
        sum += sif_masked_word(text, length, by->chosen.word[c]) * by->factor[c];
    return &few->label[few->place[sum >> PLACE_SHIFT]];
}

SIF_INLINE uint32_t unlike_widths(const few_label *label, uint32_t width) { return label->width ^ width; }

/* Of texts of at most n_words; a copy of this function for each number knows it. */
SIF_INLINE size_t look_words_up(const sif_few *few, const sif_text_block *block, size_t count, uint32_t n_words, int32_t *codes) {
    const looked_up_by by = by_words_of(few);
    size_t n_unknown = 0;
    for (size_t r = 0; r < count; r++) {
        const uint32_t length = block->length[r], width = block->width[r];
        const uint8_t *const text = block->text[r], *const mask = sif_text_masks + SIF_MEDIUM_TEXT - length;
        const few_label *const label = label_in_place(few, &by, text, length, width);
        two_words unlike = {0};
        for (uint32_t w = 0; w + 1 < n_words; w += 2) /* one way: copies know it */
            unlike |= unlike_words(text + 8 * w, mask + 8 * w, label->word + w);
        uint64_t any = either_word(unlike) | unlike_widths(label, width);
        if (n_words % 2 == 1) /* one way: as above */
            any |= sif_masked_word(text, length, n_words - 1) ^ label->word[n_words - 1];
        codes[r] = any == 0 ? label->code : SIF_UNKNOWN;
        n_unknown += any != 0;
    }
    return n_unknown;
}

#if SIF_X86
SIF_TARGET_AVX2 static inline __m256i four_words(const void *words) { return _mm256_loadu_si256((const __m256i *)words); }

/* The same of texts of at most four words, where a register holds so many. */
SIF_TARGET_AVX2 static size_t look_four_words_up(const sif_few *few, const sif_text_block *block, size_t count, int32_t *codes) {
    const looked_up_by by = by_words_of(few);
    size_t n_unknown = 0;
    for (size_t r = 0; r < count; r++) {
        const uint32_t length = block->length[r], width = block->width[r];
        const uint8_t *const text = block->text[r], *const mask = sif_text_masks + SIF_MEDIUM_TEXT - length;
        const few_label *const label = label_in_place(few, &by, text, length, width);
        const __m256i unlike = _mm256_xor_si256(_mm256_and_si256(four_words(text), four_words(mask)), four_words(label->word));
        const int is_found = _mm256_testz_si256(unlike, unlike) & (unlike_widths(label, width) == 0);
        codes[r] = is_found ? label->code : SIF_UNKNOWN;
        n_unknown += !is_found;
    }
    return n_unknown;
}

/* The same where a register holds all words, of which it has zeros behind the text: no byte there is read. `by_one`: one word is chosen. */
SIF_TARGET_AVX512 SIF_INLINE size_t look_all_words_up(const sif_few *few, const sif_text_block *block, size_t count, int by_one, int32_t *codes) {
    const looked_up_by by = by_words_of(few);
    const __m512i chosen = _mm512_set1_epi64(by.chosen.word[0]);
    size_t n_unknown = 0;
    for (size_t r = 0; r < count; r++) {
        const uint32_t length = block->length[r], width = block->width[r];
        const __m512i words = _mm512_maskz_loadu_epi8(sif_lowest_bits((int)length), block->text[r]);
        const few_label *label;
        if (by_one) { /* one way: copies know it */
            const __m128i word = _mm512_castsi512_si128(_mm512_permutexvar_epi64(chosen, words));
            const uint64_t sum = width * by.factor_of_width + (uint64_t)_mm_cvtsi128_si64(word) * by.factor[0];
            label = &few->label[few->place[sum >> PLACE_SHIFT]];
        } else
            label = label_in_place(few, &by, block->text[r], length, width);
        const __mmask8 of_label = (1 << SIF_TEXT_WORDS) - 1;
        const __mmask8 unlike = _mm512_mask_cmpneq_epi64_mask(of_label, words, _mm512_maskz_loadu_epi64(of_label, label->word));
        const int is_found = (unlike == 0) & (unlike_widths(label, width) == 0);
        codes[r] = is_found ? label->code : SIF_UNKNOWN;
        n_unknown += !is_found;
    }
    return n_unknown;
}

SIF_TARGET_AVX512 static size_t look_all_words_up_by_one(const sif_few *few, const sif_text_block *block, size_t count, int32_t *codes) {
    return look_all_words_up(few, block, count, 1, codes);
}

SIF_TARGET_AVX512 static size_t look_all_words_up_by_several(const sif_few *few, const sif_text_block *block, size_t count, int32_t *codes) {
    return look_all_words_up(few, block, count, 0, codes);
}
#endif

size_t sif_look_up_few(const sif_few *few, const sif_text_block *block, size_t count, int32_t *codes) {
    const uint32_t n_words = (block->longest + 7) / 8;
#if SIF_X86
    const int register_bytes = sif_cpu_version_now()->register_bytes;
    if (n_words > 2 && register_bytes == 64)
        return (few->chosen.n == 1 ? look_all_words_up_by_one : look_all_words_up_by_several)(few, block, count, codes);
    if ((n_words == 3 || n_words == 4) && register_bytes == 32)
        return look_four_words_up(few, block, count, codes);
#endif
    switch (n_words) {
    case 0:
    case 1:
        return look_words_up(few, block, count, 1, codes);
    case 2:
        return look_words_up(few, block, count, 2, codes);
    case 3:
    case 4:
        return look_words_up(few, block, count, 4, codes);
    default: /* 5 */
        return look_words_up(few, block, count, 5, codes);
    }
}
