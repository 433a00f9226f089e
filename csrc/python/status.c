/* From a kernel's status to a Python exception: the one place where that is done. */
#include "binding.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BETWEEN_LOOKS = 20000000 /* nanoseconds */, MESSAGE = 256 /* bytes */ };

/* C's own clock, as the limited API has none before 3.13. It may be set, forward or back: then there is one look more. */
int64_t now(void) {
    struct timespec time = {0};
    return timespec_get(&time, TIME_UTC) == TIME_UTC ? (int64_t)time.tv_sec * 1000000000 + time.tv_nsec : 0; /* one way: there is a clock */
}

PyThreadState *let_others_run(int it_pays) {
    return it_pays ? PyEval_SaveThread() : NULL;
}

void again_alone(PyThreadState *thread) {
    if (thread != NULL)
        PyEval_RestoreThread(thread);
}

int stop_on_signal(void *context) {
    signals *const pending = context;
    if (pending->thread == NULL)
        return PyErr_CheckSignals();
    const int64_t time = now();
    if (time >= pending->asked && time - pending->asked < BETWEEN_LOOKS && time != 0) /* one way: the clock runs forward */
        return 0;
    PyEval_RestoreThread(pending->thread);
    const int stop = PyErr_CheckSignals();
    pending->thread = PyEval_SaveThread();
    pending->asked = now();
    return stop;
}

/* Takes over the reference to `value_object`; NULL where making it failed, with that exception set. */
static PyObject *raise(const char *reason, int64_t row, PyObject *value_object, const char *message) {
    /* One at a time: nothing may be called while an exception is set. */
    PyObject *error = value_object != NULL ? PyObject_CallFunction(PyExc_ValueError, "s", message) : NULL;
    PyObject *row_object = error != NULL ? PyLong_FromLongLong(row) : NULL;
    PyObject *reason_object = row_object != NULL ? PyUnicode_FromString(reason) : NULL;
    if (reason_object != NULL && PyObject_SetAttrString(error, "row", row_object) == 0 &&
        PyObject_SetAttrString(error, "value", value_object) == 0 && PyObject_SetAttrString(error, "reason", reason_object) == 0)
        PyErr_SetObject(PyExc_ValueError, error);
    Py_XDECREF(reason_object);
    Py_XDECREF(row_object);
    Py_XDECREF(error);
    Py_XDECREF(value_object);
    return NULL;
}

/* The code that a status complains of, as it stands in the column: a status has no room for those past INT64_MAX. */
static PyObject *offending_code(sif_status status, const sif_codes *codes, char *text, size_t room) {
    if (codes->kind == SIF_UINT64 && status.value == INT64_MIN) {
        const unsigned long long code = ((const uint64_t *)codes->data)[status.row];
        snprintf(text, room, "%llu", code);
        return PyLong_FromUnsignedLongLong(code);
    }
    snprintf(text, room, "%lld", (long long)status.value);
    return PyLong_FromLongLong(status.value);
}

/* Says that a code is outside what is counted, or missing where it may not be; gives the code. */
static PyObject *say_code(char text[MESSAGE], sif_status status, long long row, const sif_codes *codes, const char *reason,
                          const char *within, const char *or_missing) {
    char code[24];
    PyObject *const value = offending_code(status, codes, code, sizeof code);
    if (status.value == -1) /* is outside only where none may be missing */
        snprintf(text, MESSAGE, "row %lld: the %s is missing", row, reason);
    else
        snprintf(text, MESSAGE, "row %lld: %s code %s is outside the %s (0 .. %lld%s)", row, reason, code, within,
                 (long long)codes->size - 1, or_missing);
    return value;
}

static const char OR_MISSING[] = ", or -1 for missing", OR_NONE[] = ", or -1 for none";

PyObject *raise_status(sif_status status, int64_t first_row, const sif_codes *groups, const sif_codes *grades, const sif_codes *provider,
                       const sif_codes *periods) {
    char text[MESSAGE];
    double weight;
    PyObject *value_object = NULL;
    const long long row = status.row < 0 ? -1 : (long long)(status.row + first_row), value = status.value;
    const char *reason = "";
    switch (status.code) { /* one way: there is no other code */
    case SIF_NO_MEMORY:
        return PyErr_NoMemory();
    case SIF_OK: /* Python says SystemError where a NULL comes without an exception */
    case SIF_INTERRUPTED:
        return NULL; /* the signal's handler has set the exception */
    case SIF_BAD_GRADE:
        reason = "grade";
        value_object = say_code(text, status, row, grades, reason, "scale", OR_MISSING);
        break;
    case SIF_BAD_GROUP:
        reason = "group";
        value_object = say_code(text, status, row, groups, reason, "groups", OR_MISSING);
        break;
    case SIF_BAD_PERIOD:
        reason = "period";
        value_object = say_code(text, status, row, periods, reason, "periods", OR_MISSING);
        break;
    case SIF_BAD_PROVIDER:
        reason = "provider";
        value_object = say_code(text, status, row, provider, reason, "providers", "");
        break;
    case SIF_BAD_WEIGHT:
        reason = "weight";
        memcpy(&weight, &status.value, sizeof weight);
        value_object = PyFloat_FromDouble(weight);
        snprintf(text, sizeof text, "row %lld: the weight %g is negative or infinite", row, weight);
        break;
    case SIF_BAD_ROW:
        reason = "order";
        snprintf(text, sizeof text, "order[%lld] is %lld, which is no row", row, value);
        break;
    case SIF_NO_DATE:
        reason = "date";
        snprintf(text, sizeof text, "row %lld: neither an inspection date nor a publication date", row);
        break;
    case SIF_BAD_DAY:
        reason = "day";
        snprintf(text, sizeof text, "row %lld: day %lld is more than 2^31 days from 1970", row, value);
        break;
    case SIF_BAD_SPAN:
        reason = "span";
        snprintf(text, sizeof text, "row %lld: day %lld lies after the provider has closed: a negative duration", row, value);
        break;
    case SIF_UNORDERED:
        reason = "unordered";
        snprintf(text, sizeof text, "row %lld: the records are not ordered by provider and date here", row);
        break;
    case SIF_BAD_GRID:
        reason = "grid";
        snprintf(text, sizeof text, "position %lld: dates and cut-offs of a grid must not decrease", row);
        break;
    case SIF_BAD_VALUE:
        reason = "value";
        snprintf(text, sizeof text, "row %lld: the value is NaN, infinite or impossible", row);
        break;
    case SIF_BAD_TEXT:
        reason = "text";
        snprintf(text, sizeof text, "row %lld: the text can't be written as UTF-8, or does not lie within its buffer", row);
        break;
    case SIF_CHANGED:       /* not reached: an array must change meanwhile */
        reason = "changed"; /* not reached: an array must change meanwhile */
        snprintf(text, sizeof text, "an array was written to while it was counted, as by another thread"); /* not reached: it must change */
        break; /* not reached: an array must change meanwhile */
    case SIF_TOO_LARGE:
        reason = "size";
        snprintf(text, sizeof text, "%lld is more than can be told apart here", value);
        break;
    }
    if (value_object == NULL && !PyErr_Occurred())
        value_object = PyLong_FromLongLong(value);
    return raise(reason, row, value_object, text);
}

PyObject *raise_of_dated(sif_status status, const sif_codes *groups, const sif_codes *grades, const sif_codes *clusters) {
    char text[MESSAGE];
    const char *reason;
    PyObject *value = NULL;
    const long long row = (long long)status.row;
    if (status.code == SIF_BAD_GROUP)
        value = say_code(text, status, row, groups, reason = "group", "groups", "");
    else if (status.code == SIF_BAD_PROVIDER)
        value = say_code(text, status, row, clusters, reason = "cluster", "clusters", OR_NONE);
    else if (status.code == SIF_NO_DATE || status.code == SIF_UNORDERED) {
        reason = status.code == SIF_NO_DATE ? "date" : "unordered";
        value = PyLong_FromLongLong((long long)status.value);
        snprintf(text, sizeof text, "row %lld: %s", row,
                 status.code == SIF_NO_DATE ? "the day is missing" : "the rows are not ordered by group and day here");
    } else
        return raise_status(status, 0, groups, grades, NULL, NULL);
    return raise(reason, row, value, text);
}
