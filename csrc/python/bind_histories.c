/* The bindings of the kernels that follow a provider through time. */
#include "binding.h"

PyObject *bind_order_records(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    sif_records records;
    int64_t *order;
    int already;
    if (check_arguments("order_records", n_args, 8, 8) != 0 || take_records(&buffers, args, &records) != 0 ||
        take_int64_out(&buffers, args[7], "order", records.n, &order) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_order_records(&records, order, &already, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? PyBool_FromLong(already) : raise_status(status, 0, NULL, NULL, &records.provider, NULL);
done:
    release(&buffers);
    return result;
}

PyObject *bind_latest_as_at(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    sif_records records;
    int64_t date, cutoff, *rows;
    if (check_arguments("latest_as_at", n_args, 10, 10) != 0 || take_records(&buffers, args, &records) != 0 ||
        take_day(args[7], "date", &date) != 0 || take_day(args[8], "cutoff", &cutoff) != 0 ||
        take_int64_out(&buffers, args[9], "rows", records.provider.size, &rows) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_latest_as_at(&records, date, cutoff, rows, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_status(status, 0, NULL, NULL, &records.provider, NULL);
done:
    release(&buffers);
    return result;
}

PyObject *bind_near_pairs(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent of_older, of_newer; /* apart, for each has a length of its own */
    lend_nothing(&of_older);
    lend_nothing(&of_newer);
    PyObject *result = NULL;
    sif_provider_days older, newer;
    int64_t near, room, n_pairs, *older_rows, *newer_rows;
    if (check_arguments("near_pairs", n_args, 8, 8) != 0 ||
        take_int32(&of_older, args[0], "older_provider", -1, &older.provider) != 0 ||
        take_int64(&of_older, args[1], "older_day", -1, 0, &older.day) != 0 ||
        take_int32(&of_newer, args[2], "newer_provider", -1, &newer.provider) != 0 ||
        take_int64(&of_newer, args[3], "newer_day", -1, 0, &newer.day) != 0 || take_size(args[4], "near", &near) != 0 ||
        take_size(args[5], "room", &room) != 0 || take_int64_out(&of_older, args[6], "older_rows", room, &older_rows) != 0 ||
        take_int64_out(&of_newer, args[7], "newer_rows", room, &newer_rows) != 0)
        goto done;
    older.n = of_older.rows;
    newer.n = of_newer.rows;

    sif_status status;
    if (check_apart(&of_older, &of_newer) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_near_pairs(&older, &newer, near, room, older_rows, newer_rows, &n_pairs, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? PyLong_FromLongLong(n_pairs) : raise_status(status, 0, NULL, NULL, NULL, NULL);
done:
    release(&of_newer);
    release(&of_older);
    return result;
}

/* The arguments that the kernels of a grid share: those of records, then order, groups, n_groups, grades, n_grades, expires, dates,
 * cutoffs. The days of the grid are lent apart, for they have a length of their own. */
typedef struct {
    sif_records records;
    sif_codes groups_taken, grades;
    const sif_codes *groups;
    const int64_t *order, *expires, *dates, *cutoffs;
    int64_t n_groups, n_grades, n_dates;
} grid_arguments;

enum { GRID_ARGUMENTS = 15 };

static int take_grid(lent *buffers, lent *grid, PyObject *const *args, grid_arguments *given) {
    if (take_records(buffers, args, &given->records) != 0 || take_int64(buffers, args[7], "order", -1, 1, &given->order) != 0 ||
        take_size(args[9], "n_groups", &given->n_groups) != 0 ||
        take_optional_codes(buffers, args[8], "groups", given->n_groups, &given->groups_taken, &given->groups) != 0 ||
        take_size(args[11], "n_grades", &given->n_grades) != 0 ||
        take_codes(buffers, args[10], "grades", given->n_grades, &given->grades) != 0 ||
        take_int64(buffers, args[12], "expires", -1, 1, &given->expires) != 0 ||
        take_int64(grid, args[13], "dates", -1, 0, &given->dates) != 0 ||
        take_int64(grid, args[14], "cutoffs", -1, 0, &given->cutoffs) != 0)
        return -1;
    given->n_dates = grid->rows;
    return 0;
}

PyObject *bind_count_as_at(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers, grid;
    lend_nothing(&buffers);
    lend_nothing(&grid);
    PyObject *result = NULL;
    grid_arguments given;
    sif_piece piece;
    int64_t *counts;
    if (check_arguments("count_as_at", n_args, GRID_ARGUMENTS + 1, GRID_ARGUMENTS + 4) != 0 ||
        take_grid(&buffers, &grid, args, &given) != 0 ||
        take_piece_of_records(args + GRID_ARGUMENTS + 1, n_args - GRID_ARGUMENTS - 1, &given.records, &piece) != 0)
        goto done;
    const int64_t cells = product(given.groups != NULL ? given.n_groups + 1 : 1, given.n_grades + 1);
    if (take_int64_out(&buffers, args[GRID_ARGUMENTS], "counts", product(given.n_dates, cells), &counts) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, &grid) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_count_as_at(&given.records, given.order, &piece, given.groups, &given.grades, given.expires, given.n_dates, given.dates,
                             given.cutoffs, counts, &interrupt);
    AGAIN_ALONE

    result =
        status.code == SIF_OK ? Py_NewRef(Py_None) : raise_status(status, 0, given.groups, &given.grades, &given.records.provider, NULL);
done:
    release(&grid);
    release(&buffers);
    return result;
}

PyObject *bind_changes_as_at(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers, grid;
    lend_nothing(&buffers);
    lend_nothing(&grid);
    PyObject *result = NULL;
    grid_arguments given;
    int64_t n_changes, *cells, *changes;
    if (check_arguments("changes_as_at", n_args, GRID_ARGUMENTS + 2, GRID_ARGUMENTS + 2) != 0 ||
        take_grid(&buffers, &grid, args, &given) != 0)
        goto done;
    const int64_t room = product(given.records.n, given.expires != NULL ? 4 : 2);
    if (take_int64_out(&buffers, args[GRID_ARGUMENTS], "cells", room, &cells) != 0 ||
        take_int64_out(&buffers, args[GRID_ARGUMENTS + 1], "changes", room, &changes) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, &grid) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_changes_as_at(&given.records, given.order, given.groups, &given.grades, given.expires, given.n_dates, given.dates,
                               given.cutoffs, &n_changes, cells, changes, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? PyLong_FromLongLong(n_changes)
                                   : raise_status(status, 0, given.groups, &given.grades, &given.records.provider, NULL);
done:
    release(&grid);
    release(&buffers);
    return result;
}
