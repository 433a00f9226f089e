/* Labels of texts, shared by the files of encoding. Inside the core only. */
#ifndef SIF_ENCODE_TEXT_H
#define SIF_ENCODE_TEXT_H

#include <string.h>

#include "codes.h"

/* The labels met so far one after another: label l has the bytes ends[l - 1] .. ends[l] - 1, the first from 0 on. */
typedef struct {
    int64_t size;
    const int64_t *ends;
    const uint8_t *bytes;
} sif_labels;

sif_labels sif_labels_of(const sif_dictionary *dictionary);

/* Eight bytes as they lie. */
static inline uint64_t sif_load8(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Rows of a column that are encoded together. */
enum { SIF_TEXT_BLOCK = 64, SIF_SHORT_TEXT = 24, SIF_TEXT_ROOM = 32 };

/* Where the texts of a block lie. Views of short texts hold them themselves: they are copied first, as others may write to them. */
typedef struct {
    const uint8_t *text[SIF_TEXT_BLOCK];
    uint32_t length[SIF_TEXT_BLOCK];  /* 0 where the row is missing */
    uint8_t missing[SIF_TEXT_BLOCK];  /* 1 or 0 */
    uint8_t has_room[SIF_TEXT_BLOCK]; /* whether SIF_TEXT_ROOM bytes may be read from the text's first on */
    int is_plain;                     /* whether all texts are short and have that room */
    uint8_t views[16 * SIF_TEXT_BLOCK + SIF_TEXT_ROOM];
} sif_text_block;

/* Finds the texts of the rows first .. first + count - 1. Returns the first row that does not lie within its bytes, or -1. */
int64_t sif_find_texts(const sif_texts *texts, int64_t first, size_t count, sif_text_block *block);

#endif
