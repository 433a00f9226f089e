/* A column of text as Python lends it, and its codes. */
#ifndef SIF_TEXT_COLUMN_H
#define SIF_TEXT_COLUMN_H

#include "binding.h"

/* A column of text, chunk by chunk, with all the buffers that it is lent. */
typedef struct {
    Py_ssize_t n_chunks, n_views;
    sif_texts *chunks;
    Py_buffer *views;
    const uint8_t **buffers; /* of all chunks, one after another */
    int64_t *sizes;
    int64_t rows;
} text_column;

/* Each returns 0, or -1 with an exception set. */
int take_text(PyObject *chunks, text_column *column);
int check_codes_apart(const text_column *column, const int32_t *codes, int64_t rows);
void release_text(text_column *column);

/* Where codes go: codes[0] is that of row first_row, which first_rows of the dictionary and errors call `number`. */
typedef struct {
    const text_column *column;
    sif_dictionary *labels;
    int32_t *codes;
    int64_t first_row, number;
} encoding;

/* Encodes the rows from `begin` to `end`, with the GIL released, in so many threads where there are rows for them. */
sif_status encode_column(const encoding *of, int64_t begin, int64_t end, int64_t threads, const sif_interrupt_check *interrupt);

#endif
