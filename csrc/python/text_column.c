/* A column of text: lent from Python chunk by chunk, and its codes, in one thread or several. */
#include "text_column.h"

#include <stdlib.h>

static const int64_t widths[] = {[SIF_OFFSETS32] = 4, [SIF_OFFSETS64] = 8, [SIF_VIEWS] = 16}; /* bytes of an offset, or of a view */

void release_text(text_column *column) {
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
int check_codes_apart(const text_column *column, const int32_t *codes, int64_t rows) {
    const uintptr_t start = (uintptr_t)codes, stop = start + (size_t)rows * sizeof *codes;
    for (Py_ssize_t i = 0; i < column->n_views; i++) {
        const uintptr_t of_view = (uintptr_t)column->views[i].buf;
        if (start < of_view + (size_t)column->views[i].len && of_view < stop) {
            PyErr_SetString(PyExc_ValueError, "codes share memory with the text; what is written to needs memory of its own");
            return -1;
        }
    }
    return 0;
}

int take_text(PyObject *chunks, text_column *column) {
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

/* ---- codes

 * In threads the dictionary grows between rounds. In a round it stays as it is: threads look the texts of some rows up in it, and then one
 * adds those that it did not have, in the order of the rows. So the codes are the same however many threads there are. */

enum {
    FIRST_ROWS = 1 << 14, /* these are added one by one, as are all rows after a round of which a 64th was new */
    PIECE = 1 << 15,      /* rows that a thread takes at once */
    MOST_ROWS = 1 << 20   /* of a round, for each thread: Ctrl-C waits for its end */
};

#define NO_THREAD ((unsigned long)-1) /* as Python has it, outside the limited API */

typedef enum { ADD, ADD_UNKNOWN, LOOK_UP } way;

/* The rows from `first` on, `count` of them. */
static sif_texts rows_of(const sif_texts *texts, int64_t first, int64_t count) {
    sif_texts some = *texts;
    some.n = count;
    some.rows = (const char *)texts->rows + widths[texts->kind] * first;
    some.validity_offset += first;
    return some;
}

/* What is to be done with rows from `begin` to `end` of the column, which may lie in several chunks. */
static sif_status each_chunk(const encoding *of, int64_t begin, int64_t end, way how, int64_t *n_unknown,
                             const sif_interrupt_check *interrupt) {
    sif_status status = {SIF_OK, -1, 0};
    int64_t first = 0; /* row of the chunk */
    for (Py_ssize_t c = 0; c < of->column->n_chunks && first < end && status.code == SIF_OK; c++) {
        const sif_texts *const chunk = &of->column->chunks[c];
        const int64_t start = begin > first ? begin : first, stop = end < first + chunk->n ? end : first + chunk->n;
        if (start < stop) {
            const sif_texts some = rows_of(chunk, start - first, stop - start);
            int32_t *const codes = of->codes + (start - of->first_row);
            int64_t unknown = 0;
            if (how == LOOK_UP)
                status = sif_look_up_text(of->labels, &some, codes, &unknown, interrupt);
            else
                status = (how == ADD ? sif_encode_text : sif_encode_unknown)(of->labels, &some, of->number + start - of->first_row, codes,
                                                                             interrupt);
            *n_unknown += unknown;
        }
        first += chunk->n;
    }
    return status;
}

/* A round. Each thread takes a piece after another; `lock` guards what they write here. */
typedef struct {
    const encoding *of;
    int64_t next, stop, n_unknown;
    PyThread_type_lock lock;
} shared_round;

typedef struct {
    shared_round *round;
    PyThread_type_lock works; /* held until the thread has done its part */
} helper;

static int64_t next_piece(shared_round *round) {
    PyThread_acquire_lock(round->lock, WAIT_LOCK);
    const int64_t begin = round->next;
    round->next = begin < round->stop ? begin + PIECE : begin;
    PyThread_release_lock(round->lock);
    return begin;
}

static void look_pieces_up(shared_round *round) {
    int64_t begin, n_unknown = 0;
    while ((begin = next_piece(round)) < round->stop)
        (void)each_chunk(round->of, begin, begin + PIECE < round->stop ? begin + PIECE : round->stop, LOOK_UP, &n_unknown, NULL);
    PyThread_acquire_lock(round->lock, WAIT_LOCK);
    round->n_unknown += n_unknown;
    PyThread_release_lock(round->lock);
}

static void help(void *context) {
    const helper *const one = context;
    look_pieces_up(one->round);
    PyThread_release_lock(one->works);
}

/* Looks the rows of a round up in threads, of which this is one. Where the system gives no more threads, those that there are do all. */
static void look_up_together(shared_round *round, helper *helpers, int64_t n_helpers) {
    const int64_t others = (round->stop - round->next - 1) / PIECE, most = others < n_helpers ? others : n_helpers;
    int64_t started = 0;
    for (; started < most; started++) {
        helpers[started].round = round;
        PyThread_acquire_lock(helpers[started].works, WAIT_LOCK);
        if (PyThread_start_new_thread(help, &helpers[started]) == NO_THREAD) { /* one way: the system has threads */
            PyThread_release_lock(helpers[started].works);                                      /* not reached: as above */
            break;                                                                              /* not reached: as above */
        }
    }
    look_pieces_up(round);
    for (int64_t i = 0; i < started; i++) {
        PyThread_acquire_lock(helpers[i].works, WAIT_LOCK);
        PyThread_release_lock(helpers[i].works);
    }
}

/* Rounds become longer while they find few new labels. Where a 64th of the rows are new, hardly a block has none, and one
 * thread adds as many rows as a round had. */
static sif_status encode_in_rounds(const encoding *of, int64_t begin, int64_t end, shared_round *round, helper *helpers, int64_t n_helpers,
                                   const sif_interrupt_check *interrupt) {
    sif_status status = {SIF_OK, -1, 0};
    int64_t rows = FIRST_ROWS, nothing = 0;
    int are_new = 1; /* whether a 64th of the rows of the round before were */
    while (begin < end && status.code == SIF_OK) {
        const int64_t most = are_new ? rows : rows * (n_helpers + 1), stop = end - begin < most ? end : begin + most;
        int64_t n_new = -sif_dictionary_size(of->labels);
        if (are_new)
            status = each_chunk(of, begin, stop, ADD, &nothing, interrupt);
        else {
            *round = (shared_round){of, begin, stop, 0, round->lock};
            look_up_together(round, helpers, n_helpers);
            if (round->n_unknown > 0)
                status = each_chunk(of, begin, stop, ADD_UNKNOWN, &nothing, interrupt);
            if (interrupt->stop(interrupt->context)) /* one way: Ctrl-C just in this round */
                status.code = SIF_INTERRUPTED;       /* not reached: as above */
        }
        n_new = are_new ? n_new + sif_dictionary_size(of->labels) : round->n_unknown;
        are_new = n_new > (stop - begin) / 64;
        rows *= n_new > (stop - begin) / 64 ? 2 : 8;
        rows = rows < MOST_ROWS ? rows : MOST_ROWS;
        begin = stop;
    }
    return status;
}

sif_status encode_column(const encoding *of, int64_t begin, int64_t end, int64_t threads, const sif_interrupt_check *interrupt) {
    int64_t nothing = 0, n_helpers = 0;
    if (threads < 2)
        return each_chunk(of, begin, end, ADD, &nothing, interrupt);
    shared_round round = {.lock = PyThread_allocate_lock()};
    helper *const helpers = calloc((size_t)threads, sizeof *helpers);
    sif_status status = {round.lock != NULL && helpers != NULL ? SIF_OK : SIF_NO_MEMORY, -1, 0};
    for (; status.code == SIF_OK && n_helpers < threads - 1; n_helpers++)
        if ((helpers[n_helpers].works = PyThread_allocate_lock()) == NULL) {
            status.code = SIF_NO_MEMORY;
            break;
        }
    if (status.code == SIF_OK)
        status = encode_in_rounds(of, begin, end, &round, helpers, n_helpers, interrupt);
    while (n_helpers > 0)
        PyThread_free_lock(helpers[--n_helpers].works);
    free(helpers);
    if (round.lock != NULL)
        PyThread_free_lock(round.lock);
    return status;
}
