/* The bindings of the kernels that follow a provider from one inspection to the next. */
#include "binding.h"

PyObject *bind_count_transitions(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    sif_records records;
    sif_piece piece;
    sif_codes groups_taken, periods_taken, grades;
    const sif_codes *groups, *periods;
    const int64_t *order;
    int64_t n_groups, n_periods, n_grades, *counts;
    if (check_arguments("count_transitions", n_args, 15, 18) != 0 || take_records(&buffers, args, &records) != 0 ||
        take_int64(&buffers, args[7], "order", -1, 1, &order) != 0 || take_size(args[9], "n_groups", &n_groups) != 0 ||
        take_optional_codes(&buffers, args[8], "groups", n_groups, &groups_taken, &groups) != 0 ||
        take_size(args[11], "n_periods", &n_periods) != 0 ||
        take_optional_codes(&buffers, args[10], "periods", n_periods, &periods_taken, &periods) != 0 ||
        take_size(args[13], "n_grades", &n_grades) != 0 || take_codes(&buffers, args[12], "grades", n_grades, &grades) != 0)
        goto done;
    const int64_t tables = product(groups != NULL ? n_groups + 1 : 1, periods != NULL ? n_periods + 1 : 1);
    const int64_t cells = product(tables, product(n_grades + 1, n_grades + 1));
    if (take_int64_out(&buffers, args[14], "counts", cells, &counts) != 0 || take_piece_of_records(args + 15, n_args - 15, &records, &piece) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_count_transitions(&records, order, &piece, groups, periods, &grades, counts, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_status(status, 0, groups, &grades, &records.provider, periods);
done:
    release(&buffers);
    return result;
}

PyObject *bind_spells(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    sif_records records;
    sif_codes grades;
    const int64_t *order;
    int64_t n_grades, until, n_spells, *rows, *ended_by, *start, *end;
    if (check_arguments("spells", n_args, 15, 15) != 0 || take_records(&buffers, args, &records) != 0 ||
        take_int64(&buffers, args[7], "order", -1, 1, &order) != 0 || take_size(args[9], "n_grades", &n_grades) != 0 ||
        take_codes(&buffers, args[8], "grades", n_grades, &grades) != 0 || take_day(args[10], "until", &until) != 0 ||
        take_int64_out(&buffers, args[11], "rows", records.n, &rows) != 0 ||
        take_int64_out(&buffers, args[12], "ended_by", records.n, &ended_by) != 0 ||
        take_int64_out(&buffers, args[13], "start", records.n, &start) != 0 ||
        take_int64_out(&buffers, args[14], "end", records.n, &end) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_spells(&records, order, &grades, until, &n_spells, rows, ended_by, start, end, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? PyLong_FromLongLong(n_spells) : raise_status(status, 0, NULL, &grades, &records.provider, NULL);
done:
    release(&buffers);
    return result;
}
