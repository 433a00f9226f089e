/* From Python objects to the pointers and sizes that kernels take, by the buffer protocol. */
#include "binding.h"

#include <string.h>

void release(lent *buffers) {
    while (buffers->n > 0)
        PyBuffer_Release(&buffers->views[--buffers->n]);
}

int check_arguments(const char *function, Py_ssize_t given, Py_ssize_t least, Py_ssize_t most) {
    if (given >= least && given <= most)
        return 0;
    PyErr_Format(PyExc_TypeError, "%s takes %zd to %zd arguments, not %zd", function, least, most, given);
    return -1;
}

int take_size(PyObject *object, const char *name, int64_t *size) {
    const long long value = PyLong_AsLongLong(object);
    if (value == -1 && PyErr_Occurred())
        return -1;
    if (value < 0 || value > INT64_MAX / 64) { /* the bound keeps sums of sizes from overflowing */
        PyErr_Format(PyExc_ValueError, "%s is %lld, which is no size", name, value);
        return -1;
    }
    *size = value;
    return 0;
}

int take_flag(PyObject *object, const char *name, int *flag) {
    if (!PyBool_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s is True or False", name);
        return -1;
    }
    *flag = object == Py_True;
    return 0;
}

int take_day(PyObject *object, const char *name, int64_t *day) {
    const long long value = PyLong_AsLongLong(object);
    if (value == -1 && PyErr_Occurred())
        return -1;
    if (value == INT64_MIN) {
        PyErr_Format(PyExc_ValueError, "%s is missing", name);
        return -1;
    }
    *day = value;
    return 0;
}

int64_t product(int64_t a, int64_t b) {
    if (a < 0 || b < 0)
        return -1;
    if (b != 0 && a > PY_SSIZE_T_MAX / (int64_t)sizeof(int64_t) / b) {
        PyErr_Format(PyExc_ValueError, "a table of %lld x %lld counts does not fit into memory", (long long)a, (long long)b);
        return -1;
    }
    return a * b;
}

static int take_places(PyObject *const *args, Py_ssize_t n_args, int64_t all, const char *what, sif_piece *piece) {
    *piece = (sif_piece){.stop = all};
    if (n_args <= 0)
        return 0;
    if (n_args != 2) {
        PyErr_SetString(PyExc_TypeError, "a piece has a first place and one past its last");
        return -1;
    }
    if (take_size(args[0], "first", &piece->first) != 0 || take_size(args[1], "stop", &piece->stop) != 0)
        return -1;
    if (piece->first > piece->stop || piece->stop > all) {
        PyErr_Format(PyExc_ValueError, "places %lld to %lld are no piece of %lld %s", (long long)piece->first, (long long)piece->stop,
                     (long long)all, what);
        return -1;
    }
    return 0;
}

int take_piece(PyObject *const *args, Py_ssize_t n_args, int64_t rows, sif_piece *piece) {
    return take_places(args, n_args, rows, "rows", piece);
}

int take_piece_of_records(PyObject *const *args, Py_ssize_t n_args, const sif_records *records, sif_piece *piece) {
    int of_providers = 0;
    if (n_args == 3 && take_flag(args[2], "of_providers", &of_providers) != 0)
        return -1;
    const int64_t all = of_providers ? records->provider.size : records->n;
    if (take_places(args, n_args == 3 ? 2 : n_args, all, of_providers ? "providers" : "rows", piece) != 0)
        return -1;
    piece->of_providers = of_providers;
    return 0;
}

/* Lends the buffer of `object`: contiguous, native, a multiple of its item size. Returns its type letter, or 0 with an exception. */
static char lend(lent *buffers, PyObject *object, const char *name, int writable, const Py_buffer **view) {
    if (buffers->n == MOST_BUFFERS) {                                               /* one way: no binding takes so many */
        PyErr_SetString(PyExc_SystemError, "more buffers than a binding may take"); /* not reached: as above */
        return 0;                                                                   /* not reached: as above */
    }
    Py_buffer *const taken = &buffers->views[buffers->n];
    if (PyObject_GetBuffer(object, taken, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0)) != 0)
        return 0;
    buffers->names[buffers->n] = name;
    buffers->written |= (uint32_t)(writable != 0) << buffers->n;
    buffers->n++;
    const char *format = taken->format != NULL ? taken->format : "B"; /* one way: who is asked for a format gives one */
    if (*format == '@' || *format == '=')
        format++;
    if (strlen(format) != 1) {
        PyErr_Format(PyExc_TypeError, "%s has items of the buffer format '%s'; wanted native integers or floats", name, taken->format);
        return 0;
    }
    if (taken->len > 0 && (uintptr_t)taken->buf % (size_t)taken->itemsize != 0) {
        PyErr_Format(PyExc_ValueError, "%s is not aligned: its items stand at odd addresses; a copy would be", name);
        return 0;
    }
    *view = taken;
    return *format;
}

/* Whether one of the views that the kernel writes to shares memory with another view. */
static int check_pairs(const lent *outputs, const lent *others) {
    for (int i = 0; i < outputs->n; i++)
        for (int k = 0; k < others->n && outputs->written >> i & 1; k++) {
            const Py_buffer *const out = &outputs->views[i], *const other = &others->views[k];
            const uintptr_t start = (uintptr_t)out->buf, start_of_other = (uintptr_t)other->buf;
            if (out == other || start >= start_of_other + (size_t)other->len || start_of_other >= start + (size_t)out->len)
                continue;
            PyErr_Format(PyExc_ValueError, "%s shares memory with %s; what is written to needs memory of its own", outputs->names[i],
                         others->names[k]);
            return -1;
        }
    return 0;
}

int check_apart(const lent *buffers, const lent *more) {
    if (check_pairs(buffers, buffers) != 0)
        return -1;
    return more == NULL || (check_pairs(buffers, more) == 0 && check_pairs(more, buffers) == 0 && check_pairs(more, more) == 0) ? 0 : -1;
}

/* Checks a column's length against the columns before it, or against the exact `rows` (>= 0). */
static int check_rows(lent *buffers, const char *name, int64_t length, int64_t rows) {
    if (rows < 0) {
        if (buffers->rows < 0) {
            buffers->rows = length;
            buffers->rows_after = name;
        }
        if (length != buffers->rows) {
            PyErr_Format(PyExc_ValueError, "lengths differ: %s has %lld rows, %s has %lld", buffers->rows_after, (long long)buffers->rows,
                         name, (long long)length);
            return -1;
        }
    } else if (length != rows) {
        PyErr_Format(PyExc_ValueError, "%s has %lld values; %lld are needed", name, (long long)length, (long long)rows);
        return -1;
    }
    return 0;
}

/* The kind of integer behind a buffer's type letter, by sign and width, since 'l' is 4 bytes on some systems and 8 on others. */
static int kind_of(char letter, Py_ssize_t width, sif_kind *kind) {
    const int is_signed = strchr("bhilqn", letter) != NULL;
    if (!is_signed && strchr("BHILQN", letter) == NULL)
        return -1;
    switch (width) { /* one way: the letters have these widths */
    case 1:
        *kind = is_signed ? SIF_INT8 : SIF_UINT8;
        return 0;
    case 2:
        *kind = is_signed ? SIF_INT16 : SIF_UINT16;
        return 0;
    case 4:
        *kind = is_signed ? SIF_INT32 : SIF_UINT32;
        return 0;
    case 8:
        *kind = is_signed ? SIF_INT64 : SIF_UINT64;
        return 0;
    default:       /* not reached: the letters have those widths */
        return -1; /* not reached: as above */
    }
}

/* Codes are a buffer of integers, or a tuple (integers, validity bitmap or None, offset in bits) as Arrow lays them out. */
int take_codes(lent *buffers, PyObject *object, const char *name, int64_t size, sif_codes *codes) {
    PyObject *data = object, *bitmap = NULL;
    int64_t offset = 0;
    if (PyTuple_Check(object)) {
        if (PyTuple_Size(object) != 3) {
            PyErr_Format(PyExc_TypeError, "%s as a tuple is (codes, validity bitmap or None, offset)", name);
            return -1;
        }
        data = PyTuple_GetItem(object, 0);
        bitmap = PyTuple_GetItem(object, 1);
        if (bitmap == Py_None)
            bitmap = NULL;
        if (take_size(PyTuple_GetItem(object, 2), "the bitmap's offset", &offset) != 0)
            return -1;
    }
    const Py_buffer *view;
    const char letter = lend(buffers, data, name, 0, &view);
    if (letter == 0)
        return -1;
    if (view->ndim != 1) {
        PyErr_Format(PyExc_ValueError, "%s must have one dimension, not %d", name, view->ndim);
        return -1;
    }
    sif_kind kind;
    if (kind_of(letter, view->itemsize, &kind) != 0) {
        PyErr_Format(PyExc_TypeError, "%s has items of the buffer format '%c'; codes are integers", name, letter);
        return -1;
    }
    const int64_t n = view->len / view->itemsize;
    *codes = (sif_codes){.data = view->buf, .validity = NULL, .validity_offset = offset, .size = size, .kind = kind};
    if (check_rows(buffers, name, n, -1) != 0)
        return -1;
    if (bitmap != NULL) {
        const char bits = lend(buffers, bitmap, name, 0, &view);
        if (bits == 0)
            return -1;
        if (bits == '?' || view->itemsize != 1) {
            PyErr_Format(PyExc_TypeError,
                         "%s has a validity bitmap with items of the buffer format '%c'; wanted bytes of 8 bits, a bit a row: "
                         "np.packbits(mask, bitorder=\"little\") makes them of a mask",
                         name, bits);
            return -1;
        }
        if ((offset + n + 7) / 8 > view->len) {
            PyErr_Format(PyExc_ValueError, "%s has a validity bitmap of %zd bytes, too short for its rows", name, view->len);
            return -1;
        }
        codes->validity = view->buf;
    }
    return 0;
}

int take_optional_codes(lent *buffers, PyObject *object, const char *name, int64_t size, sif_codes *codes, const sif_codes **taken) {
    *taken = NULL;
    if (object == Py_None)
        return 0;
    *taken = codes;
    return take_codes(buffers, object, name, size, codes);
}

/* A buffer of items of `width` bytes whose type letter is one of `letters`. */
static int take(lent *buffers, PyObject *object, const char *name, int64_t rows, int writable, const char *letters, const char *wanted,
                Py_ssize_t width, void **data) {
    const Py_buffer *view;
    const char letter = lend(buffers, object, name, writable, &view);
    if (letter == 0)
        return -1;
    if (view->itemsize != width || strchr(letters, letter) == NULL) {
        PyErr_Format(PyExc_TypeError, "%s has items of the buffer format '%c' and %zd bytes; wanted %s", name, letter, view->itemsize,
                     wanted);
        return -1;
    }
    if (rows < 0 && view->ndim != 1) {
        PyErr_Format(PyExc_ValueError, "%s must have one dimension, not %d", name, view->ndim);
        return -1;
    }
    *data = view->buf;
    return check_rows(buffers, name, view->len / width, rows);
}

int take_int32(lent *buffers, PyObject *object, const char *name, int64_t rows, const int32_t **data) {
    return take(buffers, object, name, rows, 0, "il", "int32", 4, (void **)data);
}

int take_int64(lent *buffers, PyObject *object, const char *name, int64_t rows, int optional, const int64_t **data) {
    *data = NULL;
    return optional && object == Py_None ? 0 : take(buffers, object, name, rows, 0, "lqn", "int64", 8, (void **)data);
}

/* The unit of dates of which so many make a day, in SIF_DAYS32 where one does; SIF_DAYS where there is no such unit. */
static sif_date_unit unit_of(int64_t units_a_day) {
    static const int64_t known[] = {[SIF_SECONDS] = 86400,
                                    [SIF_MILLISECONDS] = 86400000,
                                    [SIF_MICROSECONDS] = 86400000000,
                                    [SIF_NANOSECONDS] = 86400000000000,
                                    [SIF_DAYS32] = 1};
    int unit = SIF_DAYS32;
    while (unit > SIF_DAYS && known[unit] != units_a_day)
        unit--;
    return (sif_date_unit)unit;
}

/* Dates are a buffer of int64 days, or a tuple (int64 moments, units a day), or (int32 days, 1). */
static int take_dates(lent *buffers, PyObject *object, const char *name, int optional, const void **data, sif_date_unit *unit) {
    const int64_t *wide = NULL;
    const int32_t *narrow = NULL;
    int64_t units_a_day;
    int taken;
    *unit = SIF_DAYS;
    if (!PyTuple_Check(object)) {
        taken = take_int64(buffers, object, name, -1, optional, &wide);
        *data = wide;
        return taken;
    }
    if (PyTuple_Size(object) != 2) {
        PyErr_Format(PyExc_TypeError, "%s as a tuple is (dates, units a day)", name);
        return -1;
    }
    if (take_size(PyTuple_GetItem(object, 1), "units a day", &units_a_day) != 0)
        return -1;
    *unit = unit_of(units_a_day);
    if (*unit == SIF_DAYS) {
        PyErr_Format(PyExc_ValueError, "%s has %lld units a day; known are 1 and those of s, ms, us and ns", name, (long long)units_a_day);
        return -1;
    }
    if (*unit == SIF_DAYS32) {
        taken = take_int32(buffers, PyTuple_GetItem(object, 0), name, -1, &narrow);
        *data = narrow;
        return taken;
    }
    taken = take_int64(buffers, PyTuple_GetItem(object, 0), name, -1, 0, &wide);
    *data = wide;
    return taken;
}

int take_float64(lent *buffers, PyObject *object, const char *name, int64_t rows, const double **data) {
    return take(buffers, object, name, rows, 0, "d", "float64", 8, (void **)data);
}

int take_optional_flags(lent *buffers, PyObject *object, const char *name, int64_t rows, const uint8_t **data) {
    *data = NULL;
    return object == Py_None ? 0 : take(buffers, object, name, rows, 0, "?B", "bool", 1, (void **)data);
}

int take_int32_out(lent *buffers, PyObject *object, const char *name, int64_t rows, int32_t **data) {
    return take(buffers, object, name, rows, 1, "il", "int32", 4, (void **)data);
}

int take_int64_out(lent *buffers, PyObject *object, const char *name, int64_t rows, int64_t **data) {
    return rows < 0 ? -1 : take(buffers, object, name, rows, 1, "lqn", "int64", 8, (void **)data);
}

int take_float64_out(lent *buffers, PyObject *object, const char *name, int64_t rows, double **data) {
    return rows < 0 ? -1
                    : take(buffers, object, name, rows, 1, "d", "float64", 8, (void **)data); /* one way: counts beside them are as many */
}

int take_records(lent *buffers, PyObject *const *args, sif_records *records) {
    int64_t n_providers;
    if (take_size(args[1], "n_providers", &n_providers) != 0 ||
        take_codes(buffers, args[0], "provider", n_providers, &records->provider) != 0 ||
        take_dates(buffers, args[2], "inspected", 0, &records->inspected, &records->inspected_unit) != 0 ||
        take_dates(buffers, args[3], "published", 1, &records->published, &records->published_unit) != 0 ||
        take_optional_flags(buffers, args[4], "eligible", -1, &records->eligible) != 0 ||
        take_int64(buffers, args[5], "opened", n_providers, 1, &records->opened) != 0 ||
        take_int64(buffers, args[6], "closed", n_providers, 1, &records->closed) != 0)
        return -1;
    records->n = buffers->rows;
    return 0;
}
