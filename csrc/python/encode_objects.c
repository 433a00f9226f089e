/* Codes of Python's own strings in an array of objects: found by the address of the object first, as tables that were read from a file
 * share theirs; by the text where the address is new.
 *
 * The GIL is held all along. Nobody's code runs meanwhile but a signal's handler, between two blocks of rows. What that does to the array may
 * make codes wrong; of an object that was met before, only the address is kept. */
#include "encode_objects.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 64,
    FIRST_SLOTS = 1 << 10,
    SPARSE_SLOTS = 1 << 12,   /* up to so many, slots are at most an eighth full */
    NEAR_SLOTS = 1 << 13,     /* up to so many, rows are looked up one by one */
    SOME_ROWS = 1 << 11,      /* before it is told whether addresses help */
    ROWS_BETWEEN_SIGNALS = 1 << 20
};
#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

#if defined(__GNUC__)
#define FETCH(ADDRESS) __builtin_prefetch(ADDRESS)
#else
#define FETCH(ADDRESS) (void)(ADDRESS)
#endif

static inline PyObject *object_at(const object_column *column, int64_t row) {
    PyObject *object;
    memcpy(&object, column->first + row * column->stride, sizeof object);
    return object;
}

static inline size_t slot_of(const addresses *met, const PyObject *object) {
    return (size_t)((uint64_t)(uintptr_t)object * GOLDEN >> met->shift);
}

static inline met_object *find_address(const addresses *met, const PyObject *object) {
    size_t at = slot_of(met, object);
    while (met->slots[at].object != NULL && met->slots[at].object != object)
        at = (at + 1) & (met->n_slots - 1);
    return &met->slots[at];
}

static int grow_addresses(addresses *met, size_t n_slots) {
    met_object *const slots = calloc(n_slots, sizeof *slots);
    if (slots == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    const addresses before = *met;
    met->slots = slots;
    met->n_slots = n_slots;
    for (met->shift = 64; n_slots > 1; n_slots /= 2)
        met->shift--;
    for (size_t i = 0; i < before.n_slots; i++)
        if (before.slots[i].object != NULL)
            *find_address(met, before.slots[i].object) = before.slots[i];
    free(before.slots);
    return 0;
}

/* Keeps the code of an object by its address. Where most objects are met once, or again as others with the same text, this helps nobody. */
static int remember(object_column *column, int64_t row, PyObject *object, int32_t code) {
    addresses *const met = &column->met;
    met_object *const slot = find_address(met, object);
    if (slot->object != NULL) /* twice in a block */
        return 0;
    *slot = (met_object){object, code};
    met->size++;
    if ((size_t)met->size * (met->n_slots <= SPARSE_SLOTS ? 8 : 2) <= met->n_slots)
        return 0;
    if (met->size > SOME_ROWS && met->size > column->rows / 8 && row < 4 * met->size) { /* one way: the last condition seldom decides */
        met->helps = 0;
        return 0;
    }
    return grow_addresses(met, 4 * met->n_slots);
}

static int is_missing(const object_column *column, PyObject *object) {
    for (Py_ssize_t i = 0; i < PyTuple_Size(column->missing); i++)
        if (object == PyTuple_GetItem(column->missing, i))
            return 1;
    if (!PyFloat_Check(object))
        return 0;
    const double number = PyFloat_AsDouble(object);
    return number != number;
}

static int add_first_row(object_column *column, int64_t row) {
    if (column->n_labels == column->capacity) {
        const int64_t capacity = 2 * column->capacity + 64;
        int64_t *const rows = realloc(column->first_rows, (size_t)capacity * sizeof *rows);
        if (rows == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        column->first_rows = rows;
        column->capacity = capacity;
    }
    column->first_rows[column->n_labels++] = row;
    return 0;
}

/* Some rows of a block, with their texts. */
typedef struct {
    size_t n;
    int64_t row[BLOCK];
    PyObject *object[BLOCK];
    const uint8_t *text[BLOCK];
    int64_t length[BLOCK];
} texts_of_block;

/* The rows of a block that are not found by their addresses. */
static void find_by_address(object_column *column, int64_t first, size_t count, texts_of_block *others) {
    others->n = 0;
    for (size_t r = 0; r < count && column->met.helps; r++)
        FETCH(&column->met.slots[slot_of(&column->met, object_at(column, first + (int64_t)r))]);
    for (size_t r = 0; r < count; r++) {
        const int64_t row = first + (int64_t)r;
        PyObject *const object = object_at(column, row);
        if (column->met.helps) {
            const met_object *const slot = find_address(&column->met, object);
            column->codes[row] = slot->code;
            if (slot->object != NULL)
                continue;
        }
        FETCH(object);
        FETCH((const char *)object + BLOCK);
        others->row[others->n] = row;
        others->object[others->n++] = object;
    }
}

/* Leaves those that have a text; missing ones get their code. */
static encoded_objects take_texts(object_column *column, texts_of_block *others, int64_t *row) {
    size_t kept = 0;
    for (size_t r = 0; r < others->n; r++) {
        PyObject *const object = others->object[r];
        *row = others->row[r];
        if (object == NULL) /* one way: NumPy fills its arrays of objects, others might not */
            return NOT_TEXT; /* not reached: NumPy fills its arrays of objects, others might not */
        if (PyUnicode_CheckExact(object)) {
            Py_ssize_t length;
            const char *const text = PyUnicode_AsUTF8AndSize(object, &length);
            if (text == NULL) {
                if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
                    return RAISED;
                PyErr_Clear();
                return BAD_TEXT;
            }
            others->row[kept] = *row;
            others->object[kept] = object;
            others->text[kept] = (const uint8_t *)text;
            others->length[kept++] = length;
        } else if (is_missing(column, object))
            column->codes[*row] = -1;
        else
            return NOT_TEXT;
    }
    others->n = kept;
    return ENCODED;
}

static encoded_objects encode_block(object_column *column, int64_t first, size_t count, int64_t *row) {
    texts_of_block others;
    find_by_address(column, first, count, &others);
    const encoded_objects taken = take_texts(column, &others, row);
    if (taken != ENCODED || others.n == 0)
        return taken;
    int32_t codes[BLOCK];
    const sif_texts texts = {.n = (int64_t)others.n, .kind = SIF_POINTERS, .buffers = others.text, .sizes = others.length};
    const sif_status status = sif_encode_text(column->labels, &texts, 0, codes, NULL);
    if (status.code != SIF_OK) {
        *row = status.row < 0 ? -1 : others.row[status.row]; /* one way: no row is named where memory is lacking */
        if (status.code == SIF_NO_MEMORY) { /* one way: texts that long do not fit into the memory of a test */
            PyErr_NoMemory();
            return RAISED;
        }
        return BAD_TEXT; /* not reached: a text longer than any may be */
    }
    for (size_t r = 0; r < others.n; r++) {
        column->codes[others.row[r]] = codes[r];
        if (codes[r] == column->n_labels) {
            if (add_first_row(column, others.row[r]) != 0)
                return RAISED;
        } else if (++column->met.under_others > SOME_ROWS && 4 * column->met.under_others > others.row[r])
            column->met.helps = 0;
        if (column->met.helps && remember(column, others.row[r], others.object[r], codes[r]) != 0)
            return RAISED;
    }
    return ENCODED;
}

/* The rows from `first` up to `stop`. */
static encoded_objects encode_rows(object_column *column, int64_t first, int64_t stop, int64_t *row) {
    const addresses *const met = &column->met;
    for (int64_t i = first; i < stop;) {
        if (met->helps && met->n_slots <= NEAR_SLOTS) { /* most rows of a column that shares its objects */
            const PyObject *const object = object_at(column, i);
            const met_object *const slot = &met->slots[slot_of(met, object)];
            if (slot->object == object && object != NULL) { /* one way: NumPy fills its arrays of objects */
                column->codes[i++] = slot->code;
                continue;
            }
        }
        const size_t count = stop - i < BLOCK ? (size_t)(stop - i) : BLOCK;
        const encoded_objects so_far = encode_block(column, i, count, row);
        if (so_far != ENCODED)
            return so_far;
        i += (int64_t)count;
    }
    return ENCODED;
}

encoded_objects encode_objects(object_column *column, int64_t *row) {
    if (column->met.slots == NULL && grow_addresses(&column->met, FIRST_SLOTS) != 0)
        return RAISED;
    column->met.helps = 1;
    for (int64_t first = 0; first < column->rows; first += ROWS_BETWEEN_SIGNALS) {
        const int64_t stop = column->rows - first < ROWS_BETWEEN_SIGNALS ? column->rows : first + ROWS_BETWEEN_SIGNALS; /* one way: tests have fewer rows */
        const encoded_objects so_far = encode_rows(column, first, stop, row);
        if (so_far != ENCODED)
            return so_far;
        if (PyErr_CheckSignals() != 0) /* one way: Ctrl-C just between two blocks */
            return RAISED; /* not reached: Ctrl-C just between two blocks */
    }
    return ENCODED;
}

void free_object_column(object_column *column) {
    sif_free_dictionary(column->labels);
    free(column->met.slots);
    free(column->first_rows);
}
