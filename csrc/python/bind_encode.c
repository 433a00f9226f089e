/* The bindings of encoding: columns of text become codes. */
#include "encode_objects.h"
#include "text_column.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LABELS = INT32_MAX - 3 };

/* Renumbers codes so that labels are sorted; `place`, as many as there are labels, says where each has come. */
static sif_status sort_codes(const sif_dictionary *labels, int64_t rows, int32_t *codes, int32_t *place, const sif_interrupt_check *interrupt) {
    const sif_status status = sif_sort_labels(labels, place, interrupt);
    return status.code == SIF_OK ? sif_recode(rows, sif_dictionary_size(labels), place, codes, interrupt) : status;
}

static int32_t *room_for_places(const sif_dictionary *labels) {
    return malloc(((size_t)sif_dictionary_size(labels) + 1) * sizeof(int32_t));
}

/* Bytes of Python to be written to. */
static PyObject *new_bytes(int64_t size, void **data) {
    PyObject *const bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    *data = bytes != NULL ? PyBytes_AsString(bytes) : NULL;
    return bytes;
}

/* (first rows, offsets, bytes) of the labels. */
static PyObject *labels_for_python(const sif_dictionary *labels, const int32_t *place) {
    const int64_t size = sif_dictionary_size(labels), width = (int64_t)sizeof(int64_t);
    void *first_rows, *offsets, *text;
    PyObject *const rows = new_bytes(width * size, &first_rows);
    PyObject *const ends = rows != NULL ? new_bytes(width * (size + 1), &offsets) : NULL;
    PyObject *const bytes = ends != NULL ? new_bytes(sif_bytes_of_labels(labels), &text) : NULL;
    if (bytes != NULL)
        sif_copy_labels(labels, place, first_rows, offsets, text);
    PyObject *const all = bytes != NULL ? PyTuple_Pack(3, rows, ends, bytes) : NULL;
    Py_XDECREF(rows);
    Py_XDECREF(ends);
    Py_XDECREF(bytes);
    return all;
}

/* Codes of all rows but the first n_known, which have numbers below 0: their labels come before all others. */
static sif_status encode_after_known(const text_column *column, sif_dictionary *labels, int64_t n_known, int64_t threads, int32_t *codes,
                                     const sif_interrupt_check *interrupt) {
    int32_t *const of_known = malloc(((size_t)n_known + 1) * sizeof *of_known);
    const encoding known = {column, labels, of_known, 0, -n_known}, others = {column, labels, codes, n_known, 0};
    sif_status status = {SIF_NO_MEMORY, -1, 0};
    if (of_known != NULL)
        status = encode_column(&known, 0, n_known, 1, interrupt);
    if (status.code == SIF_OK)
        status = encode_column(&others, n_known, column->rows, threads, interrupt);
    free(of_known);
    return status;
}

PyObject *bind_encode_text(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    text_column column = {0};
    PyObject *result = NULL;
    sif_dictionary *labels = NULL;
    int64_t n_known = 0, threads = 1;
    int32_t *codes, *place = NULL;
    int is_sorted;
    if (check_arguments("encode_text", n_args, 4, 6) != 0 || take_text(args[0], &column) != 0 ||
        (n_args > 4 && take_size(args[4], "n_known", &n_known) != 0) || (n_args > 5 && take_size(args[5], "threads", &threads) != 0))
        goto done;
    if (n_known > column.rows) {
        PyErr_Format(PyExc_ValueError, "n_known is %lld, and there are %lld rows", (long long)n_known, (long long)column.rows);
        goto done;
    }
    const int64_t rows = column.rows - n_known;
    const unsigned long long seed = PyLong_AsUnsignedLongLong(args[1]);
    if (PyErr_Occurred() || take_flag(args[2], "is_sorted", &is_sorted) != 0 ||
        take_int32_out(&buffers, args[3], "codes", rows, &codes) != 0 || check_codes_apart(&column, codes, rows) != 0)
        goto done;
    labels = sif_new_dictionary(seed, MOST_LABELS);
    if (labels == NULL) {
        PyErr_NoMemory();
        goto done;
    }

    sif_status status;
    LET_OTHERS_RUN_WHERE(rows >= FEW_ROWS)
    status = encode_after_known(&column, labels, n_known, threads, codes, &interrupt);
    if (status.code == SIF_OK && is_sorted) {
        place = room_for_places(labels);
        status = place != NULL ? sort_codes(labels, rows, codes, place, &interrupt) : (sif_status){SIF_NO_MEMORY, -1, 0};
    }
    AGAIN_ALONE

    result = status.code == SIF_OK ? labels_for_python(labels, place) : raise_status(status, 0, NULL, NULL, NULL, NULL);
done:
    free(place);
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

/* Gives labels their codes before any row of the column is looked at, and rows before 0. codes: NULL, or an array for the codes of what is
 * known: then that is a column, which may have missing values, and a text twice. */
static encoded_objects encode_known(PyObject *known, PyObject *codes, lent *buffers, object_column *column, int64_t *row) {
    Py_buffer objects = {0};
    object_column of_known = *column; /* with the dictionary, into which it puts them */
    encoded_objects done = RAISED;
    if (take_objects(known, &objects, &of_known) != 0)
        goto done;
    int32_t *const scratch = codes == NULL ? malloc(((size_t)of_known.rows + 1) * sizeof *scratch) : NULL;
    of_known.codes = scratch;
    if (codes != NULL) {
        if (take_int32_out(buffers, codes, "known_codes", of_known.rows, &of_known.codes) != 0 || check_apart(buffers, NULL) != 0)
            goto done;
    } else if (scratch == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    of_known.all_rows += of_known.rows;
    done = encode_objects(&of_known, row);
    *row -= of_known.rows;
    column->rows_before = of_known.rows;
    column->all_rows = of_known.all_rows;
    column->met = of_known.met;
    column->first_rows = of_known.first_rows;
    column->n_labels = of_known.n_labels;
    column->capacity = of_known.capacity;
    if (done == ENCODED && codes == NULL && of_known.n_labels != of_known.rows) {
        PyErr_SetString(PyExc_ValueError, "known has missing values, or a text twice");
        done = RAISED;
    }
    for (int64_t label = 0; label < of_known.n_labels; label++)
        of_known.first_rows[label] -= of_known.rows;
    free(scratch);
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
    int32_t *place = NULL;
    int64_t *sorted_rows = NULL, row = -1;
    if (check_arguments("encode_objects", n_args, 5, 7) != 0 || take_objects(args[0], &objects, &column) != 0)
        goto done;
    column.all_rows = column.rows;
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
    encoded_objects encoded = ENCODED;
    if (n_args > 5 && args[5] != Py_None)
        encoded = encode_known(args[5], n_args > 6 && args[6] != Py_None ? args[6] : NULL, &buffers, &column, &row);
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
            place = room_for_places(column.labels);
            LET_OTHERS_RUN_WHERE(column.rows >= FEW_ROWS)
            status = sorted_rows != NULL && place != NULL ? sort_codes(column.labels, column.rows, column.codes, place, &interrupt)
                                                          : (sif_status){SIF_NO_MEMORY, -1, 0};
            AGAIN_ALONE
            for (int64_t label = 0; status.code == SIF_OK && label < column.n_labels; label++)
                sorted_rows[place[label]] = column.first_rows[label];
        }
        break;
    }
    if (status.code != SIF_OK)
        raise_status(status, 0, NULL, NULL, NULL, NULL);
    else
        result = PyBytes_FromStringAndSize((const char *)(is_sorted ? sorted_rows : column.first_rows),
                                           (Py_ssize_t)sizeof(int64_t) * (Py_ssize_t)column.n_labels);
done:
    free(place);
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
