/* Few labels, looked up without a branch: each text at the one place that a sum of its words gives it.
 *
 * The labels stand together in memory, so that all of them stay in the nearest cache, and so does the table of their places, of which few
 * lines are ever touched. A label whose place is taken is not found here, and nor is a text that is none: the slots know them. */
#include <stdlib.h>

#include "cpu.h"
#include "encode_text.h"

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

struct sif_few {
    uint64_t factor[SIF_TEXT_WORDS], factor_of_width; /* odd */
    uint16_t place[PLACES];                           /* which label has it; 0: none */
    few_label label[SIF_FEW + 2];                     /* none, the labels, and what is missing */
};

/* Words are random numbers to one who does not know the factors: so no choice of texts makes places meet more often than chance does. */
static size_t place_by_words(const sif_few *few, const few_label *label) {
    uint64_t sum = label->width * few->factor_of_width;
    for (size_t w = 0; w < SIF_TEXT_WORDS; w++)
        sum += label->word[w] * few->factor[w];
    return (size_t)(sum >> PLACE_SHIFT);
}

static void draw_factors(sif_few *few, uint64_t seed) {
    uint64_t words[SIF_TEXT_WORDS + 1];
    sif_sow(words, SIF_TEXT_WORDS + 1, seed);
    for (size_t w = 0; w < SIF_TEXT_WORDS; w++)
        few->factor[w] = words[w] | 1;
    few->factor_of_width = words[SIF_TEXT_WORDS] | 1;
}

/* Returns how many of the labels 1 .. n found their place taken. */
static size_t give_places(sif_few *few, size_t n) {
    size_t without = 0;
    memset(few->place, 0, sizeof few->place);
    for (size_t i = 1; i <= n; i++) {
        uint16_t *const place = &few->place[place_by_words(few, &few->label[i])];
        without += *place != 0;
        *place = *place != 0 ? *place : (uint16_t)i;
    }
    return without;
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
    size_t least = SIZE_MAX;
    uint64_t best = seed;
    for (uint64_t trial = 0; trial < TRIALS && least > 0; trial++) {
        draw_factors(few, seed + trial);
        const size_t without = give_places(few, n);
        best = without < least ? seed + trial : best;
        least = without < least ? without : least;
    }
    draw_factors(few, best);
    (void)give_places(few, n);
    return few;
}

/* Of texts of at most so many words; a copy of this function for each number knows it. */
SIF_INLINE size_t look_words_up(const sif_few *few, const sif_text_block *block, size_t count, size_t n_words, int32_t *codes) {
    size_t n_unknown = 0;
    uint64_t factor[SIF_TEXT_WORDS]; /* a copy, as the codes that are written might else be taken for parts of it */
    memcpy(factor, few->factor, sizeof factor);
    const uint64_t factor_of_width = few->factor_of_width;
    for (size_t r = 0; r < count; r++) {
        const uint32_t length = block->length[r], width = block->width[r];
        uint64_t word[SIF_TEXT_WORDS], sum = width * factor_of_width;
        for (uint32_t w = 0; w < n_words; w++) {
            word[w] = sif_masked_word(block->text[r], length, w);
            sum += word[w] * factor[w];
        }
        const few_label *const label = &few->label[few->place[sum >> PLACE_SHIFT]];
        uint64_t unlike = label->width ^ width;
        for (uint32_t w = 0; w < n_words; w++)
            unlike |= label->word[w] ^ word[w];
        codes[r] = unlike == 0 ? label->code : SIF_UNKNOWN;
        n_unknown += unlike != 0;
    }
    return n_unknown;
}

size_t sif_look_up_few(const sif_few *few, const sif_text_block *block, size_t count, int32_t *codes) {
    switch ((block->longest + 7) / 8) {
    case 0:
    case 1:
        return look_words_up(few, block, count, 1, codes);
    case 2:
        return look_words_up(few, block, count, 2, codes);
    case 3:
        return look_words_up(few, block, count, 3, codes);
    case 4:
        return look_words_up(few, block, count, 4, codes);
    default: /* 5 */
        return look_words_up(few, block, count, 5, codes);
    }
}
