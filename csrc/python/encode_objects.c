/* Codes of Python's own strings in an array of objects: found by the address of the object first, as tables that were read from a file
 * share theirs; by the text where the address is new.
 *
 * The GIL is held only to copy texts: addresses are looked up, and texts become codes, while others run. What they do to the array may make
 * codes wrong; of an object that was met before, only the address is kept. A copy is read faster than text in an object, behind which no byte
 * may be read, and to hold objects meanwhile would write to each of them. */
#include "encode_objects.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 64,
    CHUNK = 1 << 13,          /* rows whose texts are copied at once: to hand the GIL over takes as long as some hundreds */
    ROOM = 1 << 16,           /* bytes for them at first */
    BEHIND = 64,              /* bytes after the last text */
    AHEAD = 64,               /* an object is fetched so many rows before it is asked */
    LONG_WAIT = 1000000,      /* nanoseconds: to get the GIL back takes so long where another thread runs Python; then it is kept */
    FIRST_SLOTS = 1 << 10,
    SPARSE_SLOTS = 1 << 16,   /* up to so many, slots are at most an eighth full: a step to the next one is not foreseen */
    NEAR_SLOTS = 1 << 13,     /* up to so many, rows are looked up one by one */
    SOME_ROWS = 1 << 11,      /* before it is told whether addresses help */
    FEW_AGAIN = 64,           /* the same where no object has come again */
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
    if (slots == NULL)
        return -1;
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
static int remember(object_column *column, int64_t of_column, PyObject *object, int32_t code, int is_new) {
    addresses *const met = &column->met;
    const int64_t row = column->rows_before + of_column;
    met_object *const slot = find_address(met, object);
    if (slot->object != NULL) /* twice in a chunk */
        return 0;
    *slot = (met_object){object, code};
    met->size++;
    met->under_others += !is_new;
    if ((met->under_others > FEW_AGAIN && met->under_others > row - met->size) ||
        (met->under_others > SOME_ROWS && 4 * met->under_others > row) ||
        (met->size > SOME_ROWS && met->size > column->all_rows / 8 && row < 4 * met->size)) { /* one way: the last condition seldom decides */
        met->helps = 0;
        return 0;
    }
    return (size_t)met->size * (met->n_slots <= SPARSE_SLOTS ? 8 : 2) <= met->n_slots ? 0 : grow_addresses(met, 4 * met->n_slots);
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
        if (rows == NULL)
            return -1;
        column->first_rows = rows;
        column->capacity = capacity;
    }
    column->first_rows[column->n_labels++] = row;
    return 0;
}

/* Rows that are not found by their addresses, one after another, and copies of their texts: that of the i-th is the bytes from end[i] to
 * end[i + 1]. */
typedef struct {
    size_t n;
    int64_t row[CHUNK], end[CHUNK + 1];
    PyObject *object[CHUNK];
    int32_t code[CHUNK];
    uint8_t *bytes;
    int64_t capacity;
} unmet_rows;

static inline void put_aside(unmet_rows *unmet, int64_t row, PyObject *object) {
    unmet->row[unmet->n] = row;
    unmet->object[unmet->n++] = object;
}

/* The codes of rows from `first` on whose objects were met; the others are put aside, until these are a chunk. Returns the row after the
 * last that was looked at. No object is touched. */
static int64_t find_by_address(object_column *column, int64_t first, unmet_rows *unmet) {
    const addresses *const met = &column->met;
    const int is_near = met->n_slots <= NEAR_SLOTS;
    const int64_t left = column->rows - first;
    const int64_t stop = first + (left < ROWS_BETWEEN_SIGNALS ? left : ROWS_BETWEEN_SIGNALS); /* one way: tests have fewer rows */
    unmet->n = 0;
    while (first < stop && unmet->n + BLOCK <= CHUNK) {
        const int64_t end = stop - first < BLOCK ? stop : first + BLOCK;
        for (int64_t row = first; row < end && met->helps && !is_near; row++)
            FETCH(&met->slots[slot_of(met, object_at(column, row))]);
        for (; first < end; first++) {
            PyObject *const object = object_at(column, first);
            const met_object *const slot = met->helps ? find_address(met, object) : NULL;
            if (slot != NULL && slot->object != NULL)
                column->codes[first] = slot->code;
            else
                put_aside(unmet, first, object);
        }
    }
    return first;
}

/* In words of eight bytes, the last of which may take some bytes twice: texts are short, and a call takes longer. */
static inline void copy_text(uint8_t *to, const char *from, size_t length) {
    if (length < 8 || length > BLOCK) {
        memcpy(to, from, length);
        return;
    }
    for (size_t i = 0; i + 8 < length; i += 8)
        memcpy(to + i, from + i, 8);
    memcpy(to + length - 8, from + length - 8, 8);
}

/* Adds a text to the copies, as the last of them. */
static int add_text(unmet_rows *unmet, const char *text, int64_t length) {
    const int64_t begin = unmet->end[unmet->n], end = begin + length;
    if (end + BEHIND > unmet->capacity) {
        const int64_t capacity = 2 * (end + BEHIND);
        uint8_t *const bytes = realloc(unmet->bytes, (size_t)capacity);
        if (bytes == NULL)
            return -1;
        unmet->bytes = bytes;
        unmet->capacity = capacity;
    }
    copy_text(unmet->bytes + begin, text, (size_t)length);
    unmet->end[unmet->n + 1] = end;
    return 0;
}

/* Leaves those that have a text, and copies it; missing ones get their code. */
static encoded_objects take_texts(object_column *column, unmet_rows *unmet, int64_t *row) {
    const size_t n = unmet->n;
    unmet->n = 0;
    for (size_t r = 0; r < n; r++) {
        *row = unmet->row[r];
        PyObject *const object = object_at(column, *row); /* as it is now: others may have put another in its place */
        if (r + AHEAD < n) {
            FETCH(unmet->object[r + AHEAD]);
            FETCH((const char *)unmet->object[r + AHEAD] + BLOCK);
        }
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
            if (add_text(unmet, text, length) != 0)
                return NO_ROOM;
            put_aside(unmet, *row, object);
        } else if (is_missing(column, object))
            column->codes[*row] = -1;
        else
            return NOT_TEXT;
    }
    memset(unmet->bytes + unmet->end[unmet->n], 0, BEHIND);
    return ENCODED;
}

/* The codes of texts that were taken. */
static encoded_objects encode_taken(object_column *column, unmet_rows *unmet, int64_t *row) {
    const uint8_t *const bytes = unmet->bytes;
    const sif_texts texts = {.n = (int64_t)unmet->n, .kind = SIF_OFFSETS64, .rows = unmet->end, .buffers = &bytes, .sizes = &unmet->capacity};
    const sif_status status = sif_encode_text(column->labels, &texts, 0, unmet->code, NULL);
    if (status.code != SIF_OK) {
        *row = status.row < 0 ? -1 : unmet->row[status.row]; /* one way: no row is named where memory is lacking */
        return status.code == SIF_NO_MEMORY ? NO_ROOM : BAD_TEXT; /* one way: a text longer than any may be is none of a test */
    }
    for (size_t r = 0; r < unmet->n; r++) {
        const int32_t code = unmet->code[r];
        const int is_new = code == column->n_labels;
        column->codes[unmet->row[r]] = code;
        if ((is_new && add_first_row(column, unmet->row[r]) != 0) ||
            (column->met.helps && remember(column, unmet->row[r], unmet->object[r], code, is_new) != 0))
            return NO_ROOM;
    }
    return ENCODED;
}

/* What stands for missing values is met before any row. */
static int meet_missing(object_column *column) {
    if (grow_addresses(&column->met, FIRST_SLOTS) != 0)
        return -1;
    for (Py_ssize_t i = 0; i < PyTuple_Size(column->missing) && i < FEW_AGAIN; i++) { /* one way: they are not many */
        PyObject *const object = PyTuple_GetItem(column->missing, i);
        *find_address(&column->met, object) = (met_object){object, -1};
    }
    return 0;
}

/* A chunk after another: its objects are asked for their texts with the GIL held, all else is done while others run. */
static encoded_objects encode_rows(object_column *column, unmet_rows *unmet, int64_t *row) {
    int others_run = column->rows >= FEW_ROWS;
    encoded_objects so_far = ENCODED;
    for (int64_t first = 0; so_far == ENCODED && (first < column->rows || unmet->n > 0);) {
        PyThreadState *const thread = let_others_run(others_run);
        so_far = encode_taken(column, unmet, row);
        if (so_far == ENCODED)
            first = find_by_address(column, first, unmet);
        const int64_t asked = now();
        again_alone(thread);
        others_run = others_run && now() - asked < LONG_WAIT; /* one way: others seldom take so long */
        if (so_far == ENCODED && PyErr_CheckSignals() != 0) /* one way: Ctrl-C just between two chunks */
            return RAISED; /* not reached: Ctrl-C just between two chunks */
        if (so_far == ENCODED)
            so_far = take_texts(column, unmet, row);
    }
    return so_far;
}

encoded_objects encode_objects(object_column *column, int64_t *row) {
    unmet_rows *const unmet = malloc(sizeof *unmet);
    uint8_t *const bytes = malloc(ROOM);
    encoded_objects done = NO_ROOM;
    if (unmet != NULL) {
        unmet->n = 0;
        unmet->end[0] = 0;
        unmet->bytes = bytes;
        unmet->capacity = ROOM;
    }
    if (unmet != NULL && bytes != NULL && (column->met.slots != NULL || meet_missing(column) == 0)) {
        column->met.helps = 1;
        done = encode_rows(column, unmet, row);
    }
    free(unmet != NULL ? unmet->bytes : bytes);
    free(unmet);
    if (done != NO_ROOM)
        return done;
    PyErr_NoMemory();
    return RAISED;
}

void free_object_column(object_column *column) {
    sif_free_dictionary(column->labels);
    free(column->met.slots);
    free(column->first_rows);
}
