/* The prototypes of the bindings, and their entries in the method table. Written by signatures.py from signatures.toml. */
#ifndef SIF_SIGNATURES_H
#define SIF_SIGNATURES_H

/* clang-format off */
PyObject *bind_count_grades(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_sum_weights(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_order_records(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_latest_as_at(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_near_pairs(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_count_as_at(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_changes_as_at(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_count_transitions(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_spells(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_kendall_grades(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_kendall_values(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_kendall_clusters(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_kendall_exact(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_theil_sen(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_resample_counts(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_encode_text(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_encode_objects(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *bind_recode(PyObject *module, PyObject *const *args, Py_ssize_t n_args);

#define METHODS_OF_KERNELS \
    METHOD(count_grades,                                                                                                                                                                                                                       \
           "count_grades(groups, n_groups, grades, n_grades, counts, first_row=0, /)\n--\n\n"                                                                                                                                                  \
           "Add the rows of each group and grade to counts."),                                                                                                                                                                                 \
    METHOD(sum_weights,                                                                                                                                                                                                                        \
           "sum_weights(groups, n_groups, grades, n_grades, weights, sums, unweighted, first_row=0, /)\n--\n\n"                                                                                                                                \
           "Add the weights of each group and grade to sums."),                                                                                                                                                                                \
    METHOD(order_records,                                                                                                                                                                                                                      \
           "order_records(provider, n_providers, inspected, published, eligible, opened, closed, order, /)\n--\n\n"                                                                                                                            \
           "Write the rows in order of provider and time; return whether they lay so already."),                                                                                                                                               \
    METHOD(latest_as_at,                                                                                                                                                                                                                       \
           "latest_as_at(provider, n_providers, inspected, published, eligible, opened, closed, date, cutoff, rows, /)\n--\n\n"                                                                                                                \
           "Write the row of each provider's most recent record."),                                                                                                                                                                            \
    METHOD(near_pairs,                                                                                                                                                                                                                         \
           "near_pairs(older_provider, older_day, newer_provider, newer_day, near, room, older_rows, newer_rows, /)\n--\n\n"                                                                                                                   \
           "Write the rows of pairs of an older and a newer row that are of one provider and whose days are at most `near` apart, as far as there is room; return how many pairs there are. A negative provider or a missing day is none's."), \
    METHOD(count_as_at,                                                                                                                                                                                                                        \
           "count_as_at(provider, n_providers, inspected, published, eligible, opened, closed, order, groups, n_groups, grades, "                                                                                                              \
           "n_grades, expires, dates, cutoffs, counts, first=..., stop=..., /)\n--\n\n"                                                                                                                                                        \
           "Write the counts of records in force for each date of a grid."),                                                                                                                                                                   \
    METHOD(changes_as_at,                                                                                                                                                                                                                      \
           "changes_as_at(provider, n_providers, inspected, published, eligible, opened, closed, order, groups, n_groups, grades, "                                                                                                            \
           "n_grades, expires, dates, cutoffs, cells, changes, /)\n--\n\n"                                                                                                                                                                     \
           "Write what each date of a grid changes in the counts of records in force; return the number of changes."),                                                                                                                         \
    METHOD(count_transitions,                                                                                                                                                                                                                  \
           "count_transitions(provider, n_providers, inspected, published, eligible, opened, closed, order, groups, n_groups, "                                                                                                                \
           "periods, n_periods, grades, n_grades, counts, first=..., stop=..., /)\n--\n\n"                                                                                                                                                     \
           "Write the counts of transitions between consecutive records of a provider."),                                                                                                                                                      \
    METHOD(spells,                                                                                                                                                                                                                             \
           "spells(provider, n_providers, inspected, published, eligible, opened, closed, order, grades, n_grades, until, rows, "                                                                                                              \
           "ended_by, start, end, /)\n--\n\n"                                                                                                                                                                                                  \
           "Write how long each grade was in force; return the number of spells."),                                                                                                                                                            \
    METHOD(kendall_grades,                                                                                                                                                                                                                     \
           "kendall_grades(order, groups, n_groups, days, grades, n_grades, counts, cubes, first=..., stop=..., /)\n--\n\n"                                                                                                                    \
           "Add Kendall's S of grades against days, and the sums of its ties, for each group."),                                                                                                                                               \
    METHOD(kendall_values,                                                                                                                                                                                                                     \
           "kendall_values(order, groups, n_groups, days, values, counts, cubes, first=..., stop=..., /)\n--\n\n"                                                                                                                              \
           "Add Kendall's S of numbers against days, and the sums of its ties, for each group."),                                                                                                                                              \
    METHOD(kendall_clusters,                                                                                                                                                                                                                   \
           "kendall_clusters(order, groups, n_groups, days, grades, n_grades, clusters, n_labels, sums, n_clusters, first=..., "                                                                                                               \
           "stop=..., /)\n--\n\n"                                                                                                                                                                                                              \
           "Add the squares of what rows and clusters bring to Kendall's S of grades, and the number of clusters, for each group."),                                                                                                           \
    METHOD(kendall_exact,                                                                                                                                                                                                                      \
           "kendall_exact(tie_pattern, s, above, at, /)\n--\n\n"                                                                                                                                                                               \
           "Write the exact probabilities that S is above and at s."),                                                                                                                                                                         \
    METHOD(theil_sen,                                                                                                                                                                                                                          \
           "theil_sen(order, groups, n_groups, days, values, n_ranks, ranks, slopes, first=..., stop=..., /)\n--\n\n"                                                                                                                          \
           "Write the slopes of given ranks among those of all pairs of rows of each group."),                                                                                                                                                 \
    METHOD(resample_counts,                                                                                                                                                                                                                    \
           "resample_counts(members, entries, cell, count, n_cells, seed, first_replicate, n_replicates, resampled, /)\n--\n\n"                                                                                                                \
           "Write the counts of replicates that draw providers with replacement."),                                                                                                                                                            \
    METHOD(encode_text,                                                                                                                                                                                                                        \
           "encode_text(texts, seed, is_sorted, codes, n_known=0, threads=1, /)\n--\n\n"                                                                                                                                                       \
           "Write the code of each row's text; return the labels: the first row of each, offsets (both int64), and bytes. The first n_known rows are labels that get codes before all others, and have rows before 0."),                       \
    METHOD(encode_objects,                                                                                                                                                                                                                     \
           "encode_objects(objects, missing, seed, is_sorted, codes, known=None, /)\n--\n\n"                                                                                                                                                   \
           "The same of Python's strings in an array of objects; return the first row of each label, or None where another object is among them. Those of `known` get codes before all others, and have rows before 0."),                      \
    METHOD(recode,                                                                                                                                                                                                                             \
           "recode(codes, n_codes, place, /)\n--\n\n"                                                                                                                                                                                          \
           "Put place[code] where a code is, -1 where it is none.")
/* clang-format on */

#endif
