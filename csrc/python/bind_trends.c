/* The bindings of the kernels of trends. */
#include "binding.h"

/* The four arguments that describe dated rows: order, groups, n_groups, days; and the two of a piece, from args[n_args] on. */
static int take_dated(lent *buffers, PyObject *const *args, Py_ssize_t n_args, Py_ssize_t n_given, sif_dated *rows, sif_piece *piece) {
    int64_t n_groups;
    if (take_size(args[2], "n_groups", &n_groups) != 0 || take_codes(buffers, args[1], "groups", n_groups, &rows->group) != 0 ||
        take_int64(buffers, args[3], "days", -1, 0, &rows->day) != 0 || take_int64(buffers, args[0], "order", -1, 1, &rows->order) != 0)
        return -1;
    rows->n = buffers->rows;
    rows->piece = piece;
    return take_piece(args + n_args, n_given - n_args, rows->n, piece);
}

static int take_sums(lent *buffers, PyObject *counts_taken, PyObject *cubes_taken, int64_t n_groups, int64_t **counts, double **cubes) {
    return take_int64_out(buffers, counts_taken, "counts", product(n_groups, SIF_KENDALL_COUNTS), counts) != 0 ||
                   take_float64_out(buffers, cubes_taken, "cubes", product(n_groups, 2), cubes) != 0
               ? -1
               : 0;
}

PyObject *bind_kendall_grades(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    sif_dated rows;
    sif_piece piece;
    sif_codes grades;
    int64_t n_grades, *counts;
    double *cubes;
    if (check_arguments("kendall_grades", n_args, 8, 10) != 0 || take_dated(&buffers, args, 8, n_args, &rows, &piece) != 0 ||
        take_size(args[5], "n_grades", &n_grades) != 0 || take_codes(&buffers, args[4], "grades", n_grades, &grades) != 0 ||
        take_sums(&buffers, args[6], args[7], rows.group.size, &counts, &cubes) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_kendall_grades(&rows, &grades, counts, cubes, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_of_dated(status, &rows.group, &grades, NULL);
done:
    release(&buffers);
    return result;
}

PyObject *bind_kendall_values(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    sif_dated rows;
    sif_piece piece;
    const double *values;
    int64_t *counts;
    double *cubes;
    if (check_arguments("kendall_values", n_args, 7, 9) != 0 || take_dated(&buffers, args, 7, n_args, &rows, &piece) != 0 ||
        take_float64(&buffers, args[4], "values", -1, &values) != 0 ||
        take_sums(&buffers, args[5], args[6], rows.group.size, &counts, &cubes) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_kendall_values(&rows, values, counts, cubes, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_of_dated(status, &rows.group, NULL, NULL);
done:
    release(&buffers);
    return result;
}

PyObject *bind_kendall_clusters(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    sif_dated rows;
    sif_piece piece;
    sif_codes grades, clusters;
    int64_t n_grades, n_labels, *n_clusters;
    double *sums;
    if (check_arguments("kendall_clusters", n_args, 10, 12) != 0 || take_dated(&buffers, args, 10, n_args, &rows, &piece) != 0 ||
        take_size(args[5], "n_grades", &n_grades) != 0 || take_codes(&buffers, args[4], "grades", n_grades, &grades) != 0 ||
        take_size(args[7], "n_labels", &n_labels) != 0 || take_codes(&buffers, args[6], "clusters", n_labels, &clusters) != 0 ||
        take_float64_out(&buffers, args[8], "sums", product(rows.group.size, 2), &sums) != 0 ||
        take_int64_out(&buffers, args[9], "n_clusters", rows.group.size, &n_clusters) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_kendall_clusters(&rows, &grades, &clusters, sums, n_clusters, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_of_dated(status, &rows.group, &grades, &clusters);
done:
    release(&buffers);
    return result;
}

PyObject *bind_kendall_exact(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    const int64_t *tie_pattern, *s;
    double *above, *at;
    if (check_arguments("kendall_exact", n_args, 4, 4) != 0 || take_int64(&buffers, args[0], "tie_pattern", -1, 0, &tie_pattern) != 0 ||
        take_int64(&buffers, args[1], "s", -1, 0, &s) != 0 || take_float64_out(&buffers, args[2], "above", buffers.rows, &above) != 0 ||
        take_float64_out(&buffers, args[3], "at", buffers.rows, &at) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_kendall_exact(buffers.rows, tie_pattern, s, above, at, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_status(status, 0, NULL, NULL, NULL, NULL);
done:
    release(&buffers);
    return result;
}

PyObject *bind_theil_sen(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent buffers;
    lend_nothing(&buffers);
    PyObject *result = NULL;
    sif_dated rows;
    sif_piece piece;
    const double *values;
    const int64_t *ranks;
    int64_t n_ranks;
    double *slopes;
    if (check_arguments("theil_sen", n_args, 8, 10) != 0 || take_dated(&buffers, args, 8, n_args, &rows, &piece) != 0 ||
        take_float64(&buffers, args[4], "values", -1, &values) != 0 || take_size(args[5], "n_ranks", &n_ranks) != 0)
        goto done;
    const int64_t wanted = product(rows.group.size, n_ranks);
    if (wanted < 0 || take_int64(&buffers, args[6], "ranks", wanted, 0, &ranks) != 0 ||
        take_float64_out(&buffers, args[7], "slopes", wanted, &slopes) != 0)
        goto done;

    sif_status status;
    if (check_apart(&buffers, NULL) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_theil_sen(&rows, values, n_ranks, ranks, slopes, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_of_dated(status, &rows.group, NULL, NULL);
done:
    release(&buffers);
    return result;
}

PyObject *bind_resample_counts(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args) {
    lent profiles, cells;
    lend_nothing(&profiles);
    lend_nothing(&cells);
    PyObject *result = NULL;
    const int64_t *members, *entries, *cell, *count;
    int64_t n_cells, first_replicate, n_replicates, *resampled;
    if (check_arguments("resample_counts", n_args, 9, 9) != 0 || take_int64(&profiles, args[0], "members", -1, 0, &members) != 0 ||
        take_int64(&profiles, args[1], "entries", profiles.rows + 1, 0, &entries) != 0)
        goto done;
    const int64_t n_entries = ((const volatile int64_t *)entries)[profiles.rows]; /* read once, for others may write there */
    if (take_int64(&cells, args[2], "cell", n_entries < 0 ? 0 : n_entries, 0, &cell) != 0 ||
        take_int64(&cells, args[3], "count", n_entries < 0 ? 0 : n_entries, 0, &count) != 0 ||
        take_size(args[4], "n_cells", &n_cells) != 0 || take_size(args[6], "first_replicate", &first_replicate) != 0 ||
        take_size(args[7], "n_replicates", &n_replicates) != 0)
        goto done;
    const unsigned long long seed = PyLong_AsUnsignedLongLong(args[5]);
    if (PyErr_Occurred() || take_int64_out(&cells, args[8], "resampled", product(n_replicates, n_cells), &resampled) != 0)
        goto done;

    sif_status status;
    if (check_apart(&profiles, &cells) != 0)
        goto done;
    LET_OTHERS_RUN
    status = sif_resample_counts(profiles.rows, members, entries, n_entries, cell, count, n_cells, seed, first_replicate, n_replicates,
                                 resampled, &interrupt);
    AGAIN_ALONE

    result = status.code == SIF_OK ? Py_NewRef(Py_None) : raise_status(status, 0, NULL, NULL, NULL, NULL);
done:
    release(&cells);
    release(&profiles);
    return result;
}
