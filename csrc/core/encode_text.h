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

/* Rows of a column that are encoded together. The key of a text of at most SIF_TINY_TEXT bytes has one word, of one of at most
 * SIF_SHORT_TEXT three, of at most SIF_MEDIUM_TEXT five; so many bytes are read to make it, where they may be. */
enum { SIF_TEXT_BLOCK = 64, SIF_TINY_TEXT = 8, SIF_SHORT_TEXT = 24, SIF_MEDIUM_TEXT = 40, SIF_TEXT_ROOM = SIF_MEDIUM_TEXT };

/* What is known of all texts of a block: that they are tiny, short, or at most medium, and have room behind them; or nothing. */
typedef enum { SIF_TINY_TEXTS, SIF_SHORT_TEXTS, SIF_MEDIUM_TEXTS, SIF_ANY_TEXTS } sif_text_form;

#define SIF_MISSING_TEXT UINT32_MAX /* the width of a missing row */

/* Where the texts of a block lie. Views of short texts hold them themselves: they are copied first, as others may write to them. */
typedef struct {
    const uint8_t *text[SIF_TEXT_BLOCK];
    uint32_t length[SIF_TEXT_BLOCK];  /* 0 where the row is missing */
    uint32_t width[SIF_TEXT_BLOCK];   /* length + 1, or SIF_MISSING_TEXT */
    uint8_t valid[SIF_TEXT_BLOCK];    /* 0xFF, or 0 where the row is missing */
    uint8_t has_room[SIF_TEXT_BLOCK]; /* of a block of any texts: whether SIF_TEXT_ROOM bytes may be read from the text's first on */
    sif_text_form form;
    uint8_t views[16 * SIF_TEXT_BLOCK + SIF_TEXT_ROOM];
} sif_text_block;

/* Finds the texts of the rows first .. first + count - 1. Returns the first row that does not lie within its bytes, or -1. */
int64_t sif_find_texts(const sif_texts *texts, int64_t first, size_t count, sif_text_block *block);

#endif
