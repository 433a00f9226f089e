/* What the bindings of the kernels share. Each binding has four steps: parse, check, call, return; and one exit that releases.
 *
 * parse    take_codes, take_days, ... lend buffers from Python objects and keep them in a `lent`, so that release() gives all back
 * check    lengths must agree with the first column taken, outputs must have the size that the kernel writes
 * call     between LET_OTHERS_RUN and AGAIN_ALONE, with the GIL released and an interrupt check that answers Ctrl-C
 * return   raise_status turns a status into an exception, in this one place
 */
#ifndef SIF_BINDING_H
#define SIF_BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "sif.h"
#include "signatures.h"

enum { MOST_BUFFERS = 24 };

typedef struct {
    Py_buffer views[MOST_BUFFERS];
    const char *names[MOST_BUFFERS];
    uint32_t written; /* a bit for each view: whether the kernel writes to it */
    int n;
    int64_t rows;           /* length that every column must have; -1 until the first is taken */
    const char *rows_after; /* the name of that first column */
} lent;

/* Whether no output shares memory with an input or another output: 0, or -1 with an exception set. `more`: NULL, or what else is lent. */
int check_apart(const lent *buffers, const lent *more);

/* The views are not cleared: a call of few rows would take a fiftieth longer. release() looks at the first n alone. */
static inline void lend_nothing(lent *buffers) {
    buffers->n = 0;
    buffers->written = 0;
    buffers->rows = -1;
    buffers->rows_after = NULL;
}

void release(lent *buffers);

/* Each returns 0, or -1 with an exception set. `name` is the argument's, for messages. None gives NULL where `optional`. */
int take_size(PyObject *object, const char *name, int64_t *size);
int take_flag(PyObject *object, const char *name, int *flag);
int take_day(PyObject *object, const char *name, int64_t *day);
int take_codes(lent *buffers, PyObject *object, const char *name, int64_t size, sif_codes *codes);
int take_optional_codes(lent *buffers, PyObject *object, const char *name, int64_t size, sif_codes *codes, const sif_codes **taken);
/* A column of int32, int64, float64 or bool/uint8; `rows` -1: as long as the columns taken so far, else exactly that many. */
int take_int32(lent *buffers, PyObject *object, const char *name, int64_t rows, const int32_t **data);
int take_int64(lent *buffers, PyObject *object, const char *name, int64_t rows, int optional, const int64_t **data);
int take_float64(lent *buffers, PyObject *object, const char *name, int64_t rows, const double **data);
int take_optional_flags(lent *buffers, PyObject *object, const char *name, int64_t rows, const uint8_t **data);
/* The seven arguments that describe records: provider, n_providers, inspected, published, eligible, opened, closed. */
int take_records(lent *buffers, PyObject *const *args, sif_records *records);
/* The first and the last place of a call's share of `rows`, two arguments; all rows where none is given. */
int take_piece(PyObject *const *args, Py_ssize_t n_args, int64_t rows, sif_piece *piece);

/* The same, or with a third argument that is true a piece of the providers. */
int take_piece_of_records(PyObject *const *args, Py_ssize_t n_args, const sif_records *records, sif_piece *piece);
/* Writable outputs of exactly `rows` values; codes that are written anew may also be as long as the columns taken so far. */
int take_int32_out(lent *buffers, PyObject *object, const char *name, int64_t rows, int32_t **data);
int take_int64_out(lent *buffers, PyObject *object, const char *name, int64_t rows, int64_t **data);
int take_float64_out(lent *buffers, PyObject *object, const char *name, int64_t rows, double **data);
/* a * b, or -1 with an exception set where that is no size of memory, or where a or b was none. */
int64_t product(int64_t a, int64_t b);
int check_arguments(const char *function, Py_ssize_t given, Py_ssize_t least, Py_ssize_t most);

/* The interrupt check of a kernel that runs with the GIL released: takes it back, looks for signals, lets go of it. To take it back from a
 * thread that runs Python takes some milliseconds, so it is asked for by a clock: not before a fiftieth of a second has gone by. A call
 * that is over before another thread would be awake keeps the GIL; then `thread` is NULL, and signals are looked for whenever the kernel
 * asks. */
typedef struct {
    PyThreadState *thread;
    int64_t asked; /* when the GIL was last held, in nanoseconds */
} signals;

int64_t now(void);

int stop_on_signal(void *context);
PyThreadState *let_others_run(int it_pays);
void again_alone(PyThreadState *thread);

enum { FEW_ROWS = 4096 }; /* counted in the time that letting go of the GIL and taking it back may cost */

#define LET_OTHERS_RUN LET_OTHERS_RUN_WHERE(1)
#define LET_OTHERS_RUN_WHERE(IT_PAYS)                                                                                                      \
    {                                                                                                                                      \
        signals pending = {let_others_run(IT_PAYS), (IT_PAYS) ? now() : 0};                                                                \
        const sif_interrupt_check interrupt = {stop_on_signal, &pending};
#define AGAIN_ALONE                                                                                                                        \
    again_alone(pending.thread);                                                                                                           \
    }

/* Sets the exception of a status: ValueError with attributes `reason`, `row` and `value`, MemoryError, or what a signal handler raised.
 * `first_row` is the number of the piece's first row in the whole; codes are NULL where the status can't complain of them. Always returns
 * NULL. */
PyObject *raise_status(sif_status status, int64_t first_row, const sif_codes *groups, const sif_codes *grades, const sif_codes *provider,
                       const sif_codes *periods);
/* The same of rows by group and day, whose groups may not be missing and which may belong to clusters. */
PyObject *raise_of_dated(sif_status status, const sif_codes *groups, const sif_codes *grades, const sif_codes *clusters);

#endif
