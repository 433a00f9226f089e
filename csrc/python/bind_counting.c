/* The bindings of the counting kernels. */
#include "binding.h"

PyObject *bind_count_grades(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    sif_codes groups_taken, grades;
    const sif_codes *groups;
    int64_t n_groups, n_grades, first_row = 0, *counts;
    if (check_arguments("count_grades", n_args, 5, 6) != 0 || take_size(args[1], "n_groups", &n_groups) != 0 ||
        take_size(args[3], "n_grades", &n_grades) != 0 ||
        take_optional_codes(&buffers, args[0], "groups", n_groups, &groups_taken, &groups) != 0 ||
        take_codes(&buffers, args[2], "grades", n_grades, &grades) != 0 || (n_args > 5 && take_size(args[5], "first_row", &first_row) != 0))
        goto done;
    if (take_int64_out(&buffers, args[4], "counts", product(groups != NULL ? n_groups + 1 : 1, n_grades + 1), &counts) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN_WHERE(buffers.rows >= FEW_ROWS)
    status = sif_count_grades(buffers.rows, groups, &grades, counts, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_status(status, first_row, groups, &grades, NULL, NULL);
done:
    release(&buffers);
    return result;
}

PyObject *bind_sum_weights(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    sif_codes groups_taken, grades;
    const sif_codes *groups;
    const double *weights;
    int64_t n_groups, n_grades, first_row = 0, *unweighted;
    double *sums;
    if (check_arguments("sum_weights", n_args, 7, 8) != 0 || take_size(args[1], "n_groups", &n_groups) != 0 ||
        take_size(args[3], "n_grades", &n_grades) != 0 ||
        take_optional_codes(&buffers, args[0], "groups", n_groups, &groups_taken, &groups) != 0 ||
        take_codes(&buffers, args[2], "grades", n_grades, &grades) != 0 || take_float64(&buffers, args[4], "weights", -1, &weights) != 0 ||
        (n_args > 7 && take_size(args[7], "first_row", &first_row) != 0))
        goto done;
    const int64_t rows = groups != NULL ? n_groups + 1 : 1;
    if (take_float64_out(&buffers, args[5], "sums", product(rows, n_grades + 1), &sums) != 0 ||
        take_int64_out(&buffers, args[6], "unweighted", rows, &unweighted) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_sum_weights(buffers.rows, groups, &grades, weights, sums, unweighted, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_status(status, first_row, groups, &grades, NULL, NULL);
done:
    release(&buffers);
    return result;
}
