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

/* The labels by their numbers, see below; NULL where they are not numbered. */
typedef struct sif_numbering sif_numbering;
const sif_numbering *sif_numbering_of(const sif_dictionary *dictionary);

/* Eight bytes as they lie. */
static inline uint64_t sif_load8(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Rows of a column that are encoded together. The key of a text of at most SIF_TINY_TEXT bytes has one word, of one of at most
 * SIF_SHORT_TEXT three, of at most SIF_MEDIUM_TEXT five; so many bytes are read to make it, where they may be. */
enum {
    SIF_TEXT_BLOCK = 64,
    SIF_TINY_TEXT = 8,
    SIF_SHORT_TEXT = 24,
    SIF_MEDIUM_TEXT = 40,
    SIF_TEXT_ROOM = SIF_MEDIUM_TEXT,
    SIF_TEXT_WORDS = SIF_MEDIUM_TEXT / 8
};

/* What is known of all texts of a block: that they are tiny, short, or at most medium, and have room behind them; or nothing. */
typedef enum { SIF_TINY_TEXTS, SIF_SHORT_TEXTS, SIF_MEDIUM_TEXTS, SIF_ANY_TEXTS } sif_text_form;

#define SIF_MISSING_TEXT UINT32_MAX /* the width of a missing row */

/* Ones, then zeros: from SIF_MEDIUM_TEXT - length on they mask a text of that length. */
extern const uint8_t sif_text_masks[2 * SIF_MEDIUM_TEXT];

/* Word w of a text, with zeros behind it; so many bytes may be read. */
static inline uint64_t sif_masked_word(const uint8_t *text, uint32_t length, uint32_t w) {
    return sif_load8(text + 8 * w) & sif_load8(sif_text_masks + SIF_MEDIUM_TEXT - length + 8 * w);
}

/* Words of splitmix64. */
void sif_sow(uint64_t *words, size_t count, uint64_t seed);

/* Where the texts of a block lie. Views of short texts hold them themselves: they are copied first, as others may write to them. */
typedef struct {
    const uint8_t *text[SIF_TEXT_BLOCK];
    uint32_t length[SIF_TEXT_BLOCK];  /* 0 where the row is missing */
    uint32_t width[SIF_TEXT_BLOCK];   /* length + 1, or SIF_MISSING_TEXT */
    uint8_t valid[SIF_TEXT_BLOCK];    /* 0xFF, or 0 where the row is missing */
    uint8_t has_room[SIF_TEXT_BLOCK]; /* of a block of any texts: whether SIF_TEXT_ROOM bytes may be read from the text's first on */
    sif_text_form form;
    uint32_t longest;                 /* of a block that is not of any texts: the length of its longest */
    uint8_t views[16 * SIF_TEXT_BLOCK + SIF_TEXT_ROOM];
} sif_text_block;

/* Finds the texts of the rows first .. first + count - 1. Returns the first row that does not lie within its bytes, or -1. */
int64_t sif_find_texts(const sif_texts *texts, int64_t first, size_t count, sif_text_block *block);

/* ---- few labels */

#ifndef SIF_FEW /* labels, at most; tests make it small */
#define SIF_FEW 512
#endif

/* A table of few labels in which one look tells whether a text is one of them. */
typedef struct sif_few sif_few;

/* Makes a table of these labels, at most SIF_FEW, in `few` where that is none yet; NULL where memory is lacking. Free it by free. */
sif_few *sif_find_places(sif_few *few, const sif_labels *labels, uint64_t seed);

/* The codes of a block that is not of any texts: -1 of a missing row, SIF_UNKNOWN of texts that are not found. Returns how many these are. */
size_t sif_look_up_few(const sif_few *few, const sif_text_block *block, size_t count, int32_t *codes);

/* ---- texts as numbers

 * Labels of one length that have few letters at each place, as "SC012345" or "31/03/2024", are numbers: each place is a digit, which has a
 * value for every letter from the least to the greatest that labels have there. A table has the code of each number. So a row costs one load,
 * and no comparison. */
enum { SIF_NUMBERED_TEXT = 16 /* the longest */, SIF_NUMBER_WORDS = SIF_NUMBERED_TEXT / 8 };

struct sif_numbering {
    int32_t *codes;  /* of each number, less SIF_UNKNOWN: 0 where no label has it. Then two more: unknown and missing. NULL: not numbered */
    uint32_t size;   /* how many numbers there are */
    uint32_t width;  /* of all labels */
    uint64_t low[SIF_NUMBER_WORDS], high[SIF_NUMBER_WORDS]; /* letters of each place; zeros behind the text */
    uint32_t weight[SIF_NUMBERED_TEXT];                     /* of the letters, from the lowest byte of the first word on */
    uint32_t base;                                          /* the sum for the least letters */
};

/* Numbers all labels, at least one. Returns whether they could be numbered, in a table that is worth its memory. */
int sif_number_labels(const sif_labels *labels, sif_numbering *numbering);
void sif_free_numbering(sif_numbering *numbering);

/* The place of each label in the order of numbers, which is that of texts. */
void sif_place_by_number(const sif_numbering *numbering, int32_t *place);

/* The numbers of texts, at most SIF_TEXT_BLOCK, from their words, with zeros behind them, and widths; numbering->size of one that is not
 * numbered, and 1 more of a missing one. */
void sif_find_numbers(const sif_numbering *numbering, const uint64_t *const words[SIF_NUMBER_WORDS], const uint32_t *width, size_t count,
                      uint32_t *number);

#endif
