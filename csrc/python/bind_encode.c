/* The bindings of encoding: columns of text become codes. */
#include "encode_objects.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LABELS = INT32_MAX - 3 };

/* A column of text, chunk by chunk, with all the buffers that it is lent. */
typedef struct {
    Py_ssize_t n_chunks, n_views;
    sif_texts *chunks;
    Py_buffer *views;
    const uint8_t **buffers; /* of all chunks, one after another */
    int64_t *sizes;
    int64_t rows; /* of which codes are asked for */
} text_column;

static void release_text(text_column *column) {
    while (column->n_views > 0)
        PyBuffer_Release(&column->views[--column->n_views]);
    free(column->chunks);
    free(column->views);
    free(column->buffers);
    free(column->sizes);
}

static const Py_buffer *lend_bytes(text_column *column, PyObject *object) {
    Py_buffer *const view = &column->views[column->n_views];
    if (PyObject_GetBuffer(object, view, PyBUF_SIMPLE) != 0)
        return NULL;
    column->n_views++;
    return view;
}

/* Whether bytes are enough for what a chunk has in them. */
static int check_length(const Py_buffer *view, int64_t wanted, const char *what) {
    if (view->len >= wanted)
        return 0;
    PyErr_Format(PyExc_ValueError, "a chunk of text has %zd bytes of %s; %lld are needed", view->len, what, (long long)wanted);
    return -1;
}

static PyObject *item(PyObject *sequence, Py_ssize_t at) {
    return PyTuple_Check(sequence) ? PyTuple_GetItem(sequence, at) : PyList_GetItem(sequence, at);
}

/* (kind, rows, offset, validity or None, offsets or views, buffer of text, ...). Buffers of text begin at n_buffers of the column's. */
static int take_chunk(text_column *column, PyObject *chunk, sif_texts *texts, Py_ssize_t *n_buffers) {
    static const int64_t widths[] = {[SIF_OFFSETS32] = 4, [SIF_OFFSETS64] = 8, [SIF_VIEWS] = 16};
    const Py_ssize_t size = PyTuple_Check(chunk) ? PyTuple_Size(chunk) : 0;
    int64_t kind, offset;
    if (size < 5) {
        PyErr_SetString(PyExc_TypeError, "a chunk of text is (kind, rows, offset, validity or None, offsets or views, buffers of text ...)");
        return -1;
    }
    if (take_size(PyTuple_GetItem(chunk, 0), "the kind of text", &kind) != 0 || take_size(PyTuple_GetItem(chunk, 1), "rows", &texts->n) != 0 ||
        take_size(PyTuple_GetItem(chunk, 2), "offset", &offset) != 0)
        return -1;
    if (kind > SIF_VIEWS || (kind != SIF_VIEWS && size != 6)) {
        PyErr_Format(PyExc_ValueError, "text of kind %lld in %zd buffers is not known", (long long)kind, size - 5);
        return -1;
    }
    texts->kind = (sif_text_kind)kind;
    const int64_t last = offset + texts->n;
    PyObject *const bitmap = PyTuple_GetItem(chunk, 3);
    const Py_buffer *view;
    if (bitmap != Py_None) {
        if ((view = lend_bytes(column, bitmap)) == NULL || check_length(view, (last + 7) / 8, "validity") != 0)
            return -1;
        texts->validity = view->buf;
        texts->validity_offset = offset;
    }
    if ((view = lend_bytes(column, PyTuple_GetItem(chunk, 4))) == NULL ||
        check_length(view, widths[kind] * (last + (kind != SIF_VIEWS)), "offsets or views") != 0)
        return -1;
    texts->rows = (const char *)view->buf + widths[kind] * offset;
    texts->buffers = column->buffers + *n_buffers;
    texts->sizes = column->sizes + *n_buffers;
    for (Py_ssize_t i = 5; i < size; i++) {
        if ((view = lend_bytes(column, PyTuple_GetItem(chunk, i))) == NULL)
            return -1;
        column->buffers[*n_buffers] = view->buf;
        column->sizes[(*n_buffers)++] = view->len;
    }
    texts->n_buffers = size - 5;
    return 0;
}

/* Codes must not be written over the text that they are of. */
static int check_codes_apart(const text_column *column, const int32_t *codes) {
    const uintptr_t start = (uintptr_t)codes, stop = start + (size_t)column->rows * sizeof *codes;
    for (Py_ssize_t i = 0; i < column->n_views; i++) {
        const uintptr_t of_view = (uintptr_t)column->views[i].buf;
        if (start < of_view + (size_t)column->views[i].len && of_view < stop) {
            PyErr_SetString(PyExc_ValueError, "codes share memory with the text; what is written to needs memory of its own");
            return -1;
        }
    }
    return 0;
}

static int take_text(PyObject *chunks, text_column *column) {
    if (!PyList_Check(chunks) && !PyTuple_Check(chunks)) {
        PyErr_SetString(PyExc_TypeError, "a column of text is a list of its chunks");
        return -1;
    }
    column->n_chunks = PyTuple_Check(chunks) ? PyTuple_Size(chunks) : PyList_Size(chunks);
    Py_ssize_t n_views = 0;
    for (Py_ssize_t c = 0; c < column->n_chunks; c++)
        n_views += PyTuple_Check(item(chunks, c)) ? PyTuple_Size(item(chunks, c)) : 0;
    column->chunks = calloc((size_t)column->n_chunks + 1, sizeof *column->chunks);
    column->views = calloc((size_t)n_views + 1, sizeof *column->views);
    column->buffers = calloc((size_t)n_views + 1, sizeof *column->buffers);
    column->sizes = calloc((size_t)n_views + 1, sizeof *column->sizes);
    if (column->chunks == NULL || column->views == NULL || column->buffers == NULL || column->sizes == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    Py_ssize_t n_buffers = 0;
    for (Py_ssize_t c = 0; c < column->n_chunks; c++) {
        if (take_chunk(column, item(chunks, c), &column->chunks[c], &n_buffers) != 0)
            return -1;
        column->rows += column->chunks[c].n;
    }
    return 0;
}

/* Renumbers codes, and the first rows of labels, so that labels are sorted. */
static sif_status sort_codes(const sif_dictionary *labels, int64_t rows, int32_t *codes, const int64_t *first_rows, int64_t *sorted_rows,
                             const sif_interrupt_check *interrupt) {
    const int64_t size = sif_dictionary_size(labels);
    int32_t *const place = malloc(((size_t)size + 1) * sizeof *place);
    if (place == NULL)
        return (sif_status){SIF_NO_MEMORY, -1, 0};
    sif_status status = sif_sort_labels(labels, place, interrupt);
    if (status.code == SIF_OK)
        status = sif_recode(rows, size, place, codes, interrupt);
    for (int64_t label = 0; label < size && status.code == SIF_OK; label++)
        sorted_rows[place[label]] = first_rows[label];
    free(place);
    return status;
}

/* Codes of all rows but the first n_known, which have numbers below 0: their labels come before all others. They are whole chunks. */
static sif_status encode_chunks(const text_column *column, sif_dictionary *labels, int64_t n_known, int32_t *codes,
                                const sif_interrupt_check *interrupt) {
    int32_t *const codes_of_known = malloc(((size_t)n_known + 1) * sizeof *codes_of_known);
    sif_status status = {codes_of_known != NULL ? SIF_OK : SIF_NO_MEMORY, -1, 0};
    int64_t row = -n_known;
    for (Py_ssize_t c = 0; c < column->n_chunks && status.code == SIF_OK; c++) {
        int32_t *const of_chunk = row < 0 ? codes_of_known + n_known + row : codes + row;
        status = sif_encode_text(labels, &column->chunks[c], row, of_chunk, interrupt);
        row += column->chunks[c].n;
    }
    free(codes_of_known);
    return status;
}

/* Whether the first n_known rows are whole chunks. */
static int check_known(const text_column *column, int64_t n_known) {
    int64_t row = 0;
    for (Py_ssize_t c = 0; c < column->n_chunks && row < n_known; c++)
        row += column->chunks[c].n;
    if (row == n_known)
        return 0;
    PyErr_Format(PyExc_ValueError, "n_known is %lld, which is not the number of rows of the first chunks", (long long)n_known);
    return -1;
}

PyObject *bind_encode_text(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    text_column column = {0};
    PyObject *result = NULL;
    sif_dictionary *labels = NULL;
    int64_t *sorted_rows = NULL, n_known = 0;
    int32_t *codes;
    int is_sorted;
    if (check_arguments("encode_text", n_args, 4, 5) != 0 || take_text(args[0], &column) != 0 ||
        (n_args > 4 && take_size(args[4], "n_known", &n_known) != 0) || check_known(&column, n_known) != 0)
        goto done;
    column.rows -= n_known;
    const unsigned long long seed = PyLong_AsUnsignedLongLong(args[1]);
    if (PyErr_Occurred() || take_flag(args[2], "is_sorted", &is_sorted) != 0 ||
        take_int32_out(&buffers, args[3], "codes", column.rows, &codes) != 0 ||
        check_codes_apart(&column, codes) != 0)
        goto done;
    labels = sif_new_dictionary(seed, MOST_LABELS);
    if (labels == NULL) {
        PyErr_NoMemory();
        goto done;
    }

    sif_status status;
    LET_OTHERS_RUN_WHERE(column.rows >= FEW_ROWS)
    status = encode_chunks(&column, labels, n_known, codes, &interrupt);
    if (status.code == SIF_OK && is_sorted) {
        sorted_rows = malloc(((size_t)sif_dictionary_size(labels) + 1) * sizeof *sorted_rows);
        status = sorted_rows == NULL ? (sif_status){SIF_NO_MEMORY, -1, 0}
                                     : sort_codes(labels, column.rows, codes, sif_first_rows(labels), sorted_rows, &interrupt);
    }
    AGAIN_ALONE

    if (status.code != SIF_OK)
        raise_status(status, 0, NULL, NULL, NULL, NULL);
    else
        result = PyBytes_FromStringAndSize((const char *)(is_sorted ? sorted_rows : sif_first_rows(labels)),
                                           (Py_ssize_t)sizeof(int64_t) * (Py_ssize_t)sif_dictionary_size(labels));
done:
    free(sorted_rows);
    sif_free_dictionary(labels);
    release_text(&column);
    release(&buffers);
    return result;
}

/* The array of objects as it lies. */
static int take_objects(PyObject *object, Py_buffer *view, object_column *column) {
    if (PyObject_GetBuffer(object, view, PyBUF_STRIDES | PyBUF_FORMAT) != 0)
        return -1;
    if (view->format == NULL || strcmp(view->format, "O") != 0 || view->ndim != 1) { /* one way: who is asked for a format gives one */
        PyErr_SetString(PyExc_TypeError, "values is an array of objects, of one dimension");
        return -1;
    }
    column->first = view->buf;
    column->stride = view->strides[0];
    column->rows = view->shape[0];
    return 0;
}

/* Gives labels their codes before any row of the column is looked at, and rows before 0. */
static encoded_objects encode_known(PyObject *known, object_column *column) {
    Py_buffer objects = {0};
    object_column of_known = *column; /* with the dictionary, into which it puts them */
    int64_t row;
    encoded_objects done = RAISED;
    if (take_objects(known, &objects, &of_known) != 0)
        goto done;
    of_known.codes = malloc(((size_t)of_known.rows + 1) * sizeof *of_known.codes);
    if (of_known.codes == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    done = encode_objects(&of_known, &row);
    column->met = of_known.met;
    column->first_rows = of_known.first_rows;
    column->n_labels = of_known.n_labels;
    column->capacity = of_known.capacity;
    if (done == ENCODED && of_known.n_labels != of_known.rows) {
        PyErr_SetString(PyExc_ValueError, "known has missing values, or a text twice");
        done = RAISED;
    }
    for (int64_t label = 0; label < of_known.n_labels; label++)
        of_known.first_rows[label] -= of_known.n_labels;
    free(of_known.codes);
done:
    if (objects.obj != NULL)
        PyBuffer_Release(&objects);
    return done;
}

PyObject *bind_encode_objects(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    Py_buffer objects = {0};
    object_column column = {0};
    PyObject *result = NULL;
    int is_sorted;
    int64_t *sorted_rows = NULL, row = -1;
    if (check_arguments("encode_objects", n_args, 5, 6) != 0 || take_objects(args[0], &objects, &column) != 0)
        goto done;
    column.missing = args[1];
    if (!PyTuple_Check(column.missing)) {
        PyErr_SetString(PyExc_TypeError, "missing is a tuple of what stands for missing values");
        goto done;
    }
    const unsigned long long seed = PyLong_AsUnsignedLongLong(args[2]);
    if (PyErr_Occurred() || take_flag(args[3], "is_sorted", &is_sorted) != 0 ||
        take_int32_out(&buffers, args[4], "codes", column.rows, &column.codes) != 0)
        goto done;
    column.labels = sif_new_dictionary(seed, MOST_LABELS);
    if (column.labels == NULL) {
        PyErr_NoMemory();
        goto done;
    }

    sif_status status = {SIF_OK, -1, 0};
    encoded_objects encoded = n_args > 5 && args[5] != Py_None ? encode_known(args[5], &column) : ENCODED;
    if (encoded == ENCODED)
        encoded = encode_objects(&column, &row);
    switch (encoded) { /* one way: there are no others */
    case RAISED:
    case NO_ROOM:
        goto done;
    case NOT_TEXT:
        result = Py_NewRef(Py_None);
        goto done;
    case BAD_TEXT:
        status = (sif_status){SIF_BAD_TEXT, row, 0};
        break;
    case ENCODED:
        if (is_sorted) {
            sorted_rows = malloc(((size_t)column.n_labels + 1) * sizeof *sorted_rows);
            LET_OTHERS_RUN_WHERE(column.rows >= FEW_ROWS)
            status = sorted_rows == NULL ? (sif_status){SIF_NO_MEMORY, -1, 0}
                                         : sort_codes(column.labels, column.rows, column.codes, column.first_rows, sorted_rows, &interrupt);
            AGAIN_ALONE
        }
        break;
    }
    if (status.code != SIF_OK)
        raise_status(status, 0, NULL, NULL, NULL, NULL);
    else
        result = PyBytes_FromStringAndSize((const char *)(is_sorted ? sorted_rows : column.first_rows),
                                           (Py_ssize_t)sizeof(int64_t) * (Py_ssize_t)column.n_labels);
done:
    free(sorted_rows);
    free_object_column(&column);
    if (objects.obj != NULL)
        PyBuffer_Release(&objects);
    release(&buffers);
    return result;
}

PyObject *bind_recode(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    int32_t *codes;
    const int32_t *place;
    int64_t n;
    if (check_arguments("recode", n_args, 3, 3) != 0 || take_size(args[1], "n_codes", &n) != 0 ||
        take_int32(&buffers, args[2], "place", n, &place) != 0 || take_int32_out(&buffers, args[0], "codes", -1, &codes) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN_WHERE(buffers.rows >= FEW_ROWS)
    status = sif_recode(buffers.rows, n, place, codes, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_status(status, 0, NULL, NULL, NULL, NULL); /* one way: only Ctrl-C ends it early */
done:
    release(&buffers);
    return result;
}
