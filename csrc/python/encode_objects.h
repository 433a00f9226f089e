/* Codes of Python's own strings in an array of objects. */
#ifndef SIF_ENCODE_OBJECTS_H
#define SIF_ENCODE_OBJECTS_H

#include "binding.h"

/* An object that was met, by its address, and its code; NULL: an empty slot. */
typedef struct {
    const PyObject *object;
    int32_t code;
} met_object;

typedef struct {
    met_object *slots;
    size_t n_slots;
    int shift;
    int helps;            /* whether addresses are looked up and kept */
    int64_t size;         /* objects met */
    int64_t under_others; /* rows whose text was met as another object */
} addresses;

typedef struct {
    const char *first; /* row i's object is at first + i * stride */
    Py_ssize_t stride;
    int64_t rows;
    int64_t rows_before, all_rows; /* of those that are known; and all, with these */
    int32_t *codes;
    PyObject *missing; /* a tuple: the objects that stand for a missing value, beside floats that are NaN */
    sif_dictionary *labels;
    addresses met;
    int64_t *first_rows, n_labels, capacity;
} object_column;

/* What came of it: codes; a value that is no text and not missing, in *row; a text that can't be written as UTF-8, in *row; an exception.
 * NO_ROOM, an exception that is still to be raised, does not leave encode_objects. */
typedef enum { ENCODED, NOT_TEXT, BAD_TEXT, RAISED, NO_ROOM } encoded_objects;

encoded_objects encode_objects(object_column *column, int64_t *row);
void free_object_column(object_column *column);

#endif
