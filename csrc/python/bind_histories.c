/* The bindings of the kernels that follow a provider through time. */
#include "binding.h"

PyObject *bind_order_records(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers = LENT_NOTHING;
    PyObject *result = NULL;
    sif_records records;
    int64_t *order;
    int already;
    if (check_arguments("order_records", n_args, 8, 8) != 0 || take_records(&buffers, args, &records) != 0 ||
        take_int64_out(&buffers, args[7], "order", records.n, &order) != 0)
        goto done;

    sif_status status;
    LET_OTHERS_RUN
    status = sif_order_records(&records, order, &already, &watch);
    AGAIN_ALONE

    result = status.code == SIF_OK ? PyBool_FromLong(already) : raise_status(status, 0, NULL, NULL, &records.provider);
done:
    release(&buffers);
    return result;
}

PyObject *bind_latest_as_at(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers = LENT_NOTHING;
    PyObject *result = NULL;
    sif_records records;
    int64_t date, cutoff, *rows;
    if (check_arguments("latest_as_at", n_args, 10, 10) != 0 || take_records(&buffers, args, &records) != 0 ||
        take_day(args[7], "date", &date) != 0 || take_day(args[8], "cutoff", &cutoff) != 0 ||
        take_int64_out(&buffers, args[9], "rows", records.provider.size, &rows) != 0)
        goto done;

    sif_status status;
    LET_OTHERS_RUN
    status = sif_latest_as_at(&records, date, cutoff, rows, &watch);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_status(status, 0, NULL, NULL, &records.provider);
done:
    release(&buffers);
    return result;
}

PyObject *bind_count_as_at(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers = LENT_NOTHING, grid = LENT_NOTHING;
    PyObject *result = NULL;
    sif_records records;
    sif_codes groups_taken, grades;
    const sif_codes *groups;
    const int64_t *order, *expires, *dates, *cutoffs;
    int64_t n_groups, n_grades, *counts;
    if (check_arguments("count_as_at", n_args, 16, 16) != 0 || take_records(&buffers, args, &records) != 0 ||
        take_int64(&buffers, args[7], "order", -1, 1, &order) != 0 || take_size(args[9], "n_groups", &n_groups) != 0 ||
        take_optional_codes(&buffers, args[8], "groups", n_groups, &groups_taken, &groups) != 0 ||
        take_size(args[11], "n_grades", &n_grades) != 0 || take_codes(&buffers, args[10], "grades", n_grades, &grades) != 0 ||
        take_int64(&buffers, args[12], "expires", -1, 1, &expires) != 0 || take_int64(&grid, args[13], "dates", -1, 0, &dates) != 0 ||
        take_int64(&grid, args[14], "cutoffs", -1, 0, &cutoffs) != 0)
        goto done;
    const int64_t cells = product(groups != NULL ? n_groups + 1 : 1, n_grades + 1);
    if (cells < 0 || take_int64_out(&buffers, args[15], "counts", product(grid.rows, cells), &counts) != 0)
        goto done;

    sif_status status;
    LET_OTHERS_RUN
    status = sif_count_as_at(&records, order, groups, &grades, expires, grid.rows, dates, cutoffs, counts, &watch);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_status(status, 0, groups, &grades, &records.provider);
done:
    release(&grid);
    release(&buffers);
    return result;
}
