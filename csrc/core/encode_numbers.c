/* Labels as numbers: which letters their places have, and the table of the codes. */
#include <string.h>

#include "code_loops.h"
#include "encode_text.h"
#include "ordering.h"

#ifndef SIF_MOST_NUMBERS /* beyond so many the table has left the caches: slots are no slower */
#define SIF_MOST_NUMBERS (1 << 22)
#endif
#ifndef SIF_NUMBERS_A_LABEL /* at most; each label may need a page of its own */
#define SIF_NUMBERS_A_LABEL 2048
#endif

/* Where the letter of a place lies in its word. */
static int shift_of(size_t place) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return 56 - 8 * (int)(place % 8);
#else
    return 8 * (int)(place % 8);
#endif
}

static size_t table_size(const sif_numbering *numbering) {
    return ((size_t)numbering->size + 2) * sizeof *numbering->codes;
}

/* The length of all labels; 0 where they differ in that. */
static int64_t common_length(const sif_labels *labels) {
    const int64_t length = labels->ends[0];
    for (int64_t label = 1; label < labels->size; label++)
        if (labels->ends[label] - labels->ends[label - 1] != length)
            return 0;
    return length;
}

/* Finds the letters and the weight of each place, the last one first, so that numbers are in the order of texts. Where two digits were met at
 * a place, there may be room for all: sorted labels else make a new table for each digit. Returns whether numbers are few enough. */
static int find_weights(const sif_labels *labels, size_t length, int has_all_digits, sif_numbering *numbering) {
    const int64_t most = SIF_NUMBERS_A_LABEL * labels->size < SIF_MOST_NUMBERS ? SIF_NUMBERS_A_LABEL * labels->size : SIF_MOST_NUMBERS;
    int64_t size = 1;
    *numbering = (sif_numbering){.width = (uint32_t)length + 1};
    for (size_t place = length; place-- > 0;) {
        uint8_t low = UINT8_MAX, high = 0;
        for (int64_t label = 0; label < labels->size; label++) {
            const uint8_t letter = labels->bytes[(size_t)label * length + place];
            low = letter < low ? letter : low;
            high = letter > high ? letter : high;
        }
        if (has_all_digits && '0' <= low && low < high && high <= '9') {
            low = '0';
            high = '9';
        }
        const int shift = shift_of(place);
        const size_t at = place / 8 * 8 + (size_t)shift / 8;
        numbering->low[place / 8] |= (uint64_t)low << shift;
        numbering->high[place / 8] |= (uint64_t)high << shift;
        numbering->weight[at] = (uint32_t)size;
        numbering->base += low * (uint32_t)size;
        size *= high - low + 1;
        if (high > INT8_MAX || size > most)
            return 0;
    }
    numbering->size = (uint32_t)size;
    return 1;
}

/* The labels from `first` on, `count` of them, all of this length. */
static void find_numbers_of_labels(const sif_numbering *numbering, const sif_labels *labels, int64_t first, size_t count, uint32_t *number) {
    const size_t length = numbering->width - 1, longer = length > 8 ? length - 8 : 0;
    uint64_t begin[SIF_TEXT_BLOCK] = {0}, end[SIF_TEXT_BLOCK] = {0};
    uint32_t width[SIF_TEXT_BLOCK];
    for (size_t i = 0; i < count; i++) {
        const uint8_t *const text = labels->bytes + ((size_t)first + i) * length;
        memcpy(&begin[i], text, length - longer);
        memcpy(&end[i], text + length - longer, longer);
        width[i] = numbering->width;
    }
    sif_find_numbers(numbering, (const uint64_t *const[]){begin, end}, width, count, number);
}

int sif_number_labels(const sif_labels *labels, sif_numbering *numbering) {
    const int64_t length = common_length(labels);
    if (length < 1 || length > SIF_NUMBERED_TEXT)
        return 0;
    if (!find_weights(labels, (size_t)length, 1, numbering) && !find_weights(labels, (size_t)length, 0, numbering))
        return 0;
    numbering->codes = sif_allocate_zeros(table_size(numbering));
    if (numbering->codes == NULL) /* one way: memory is there */
        return 0;                 /* not reached: memory is there */
    numbering->codes[numbering->size + 1] = -1 - SIF_UNKNOWN;
    for (int64_t first = 0; first < labels->size; first += SIF_TEXT_BLOCK) {
        const size_t count = labels->size - first < SIF_TEXT_BLOCK ? (size_t)(labels->size - first) : SIF_TEXT_BLOCK;
        uint32_t number[SIF_TEXT_BLOCK];
        find_numbers_of_labels(numbering, labels, first, count, number);
        for (size_t i = 0; i < count; i++)
            numbering->codes[number[i]] = (int32_t)(first + (int64_t)i) - SIF_UNKNOWN;
    }
    return 1;
}

void sif_free_numbering(sif_numbering *numbering) {
    if (numbering->codes != NULL)
        sif_free_large(numbering->codes, table_size(numbering));
    numbering->codes = NULL;
}

void sif_find_numbers(const sif_numbering *numbering, const uint64_t *const words[SIF_NUMBER_WORDS], const uint32_t *width, size_t count,
                      uint32_t *number) {
    const sif_code_loops *const loops = sif_code_loops_now();
    uint64_t misfit[SIF_TEXT_BLOCK];
    for (size_t i = 0; i < count; i++) {
        number[i] = 0 - numbering->base;
        misfit[i] = width[i] ^ numbering->width;
    }
    for (size_t w = 0; w < SIF_NUMBER_WORDS && 8 * w < numbering->width - 1; w++)
        loops->number_letters(words[w], count, numbering->low[w], numbering->high[w], numbering->weight + 8 * w, number, misfit);
    for (size_t i = 0; i < count; i++)
        number[i] = misfit[i] == 0 ? number[i] : numbering->size + (width[i] == SIF_MISSING_TEXT);
}

void sif_place_by_number(const sif_numbering *numbering, int32_t *place) {
    int32_t n = 0;
    for (uint32_t number = 0; number < numbering->size; number++)
        if (numbering->codes[number] != 0)
            place[numbering->codes[number] + SIF_UNKNOWN] = n++;
}
