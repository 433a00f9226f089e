/* The module ofsted_sif._core: its functions, and multi-phase initialisation without any global state. */
#include "binding.h"

#include <stdlib.h>

/* The limited API knows METH_FASTCALL functions by their own type, the method table by another. */
#define METHOD(NAME, SIGNATURE)                                                                                                            \
    { #NAME, (PyCFunction)(void (*)(void))bind_##NAME, METH_FASTCALL, PyDoc_STR(SIGNATURE) }

static PyMethodDef methods[] = {
    METHOD(count_grades, "count_grades(groups, n_groups, grades, n_grades, counts, first_row=0, /)\n--\n\n"
                         "Add the rows of each group and grade to counts."),
    METHOD(sum_weights, "sum_weights(groups, n_groups, grades, n_grades, weights, sums, unweighted, first_row=0, /)\n--\n\n"
                        "Add the weights of each group and grade to sums."),
    METHOD(order_records, "order_records(provider, n_providers, held, published, eligible, opened, closed, order, /)\n--\n\n"
                          "Write the rows in order of provider and time; return whether they lay so already."),
    METHOD(latest_as_at, "latest_as_at(provider, n_providers, held, published, eligible, opened, closed, date, cutoff, rows, /)\n--\n\n"
                         "Write the row of each provider's most recent record."),
    METHOD(count_as_at, "count_as_at(provider, n_providers, held, published, eligible, opened, closed, order, groups, n_groups, "
                        "grades, n_grades, expires, dates, cutoffs, counts, first=..., stop=..., /)\n--\n\n"
                        "Write the counts of records in force for each date of a grid."),
    METHOD(changes_as_at, "changes_as_at(provider, n_providers, held, published, eligible, opened, closed, order, groups, n_groups, "
                          "grades, n_grades, expires, dates, cutoffs, cells, changes, /)\n--\n\n"
                          "Write what each date of a grid changes in the counts of records in force; return the number of changes."),
    METHOD(count_transitions,
           "count_transitions(provider, n_providers, held, published, eligible, opened, closed, order, groups, n_groups, "
           "periods, n_periods, grades, n_grades, counts, first=..., stop=..., /)\n--\n\n"
           "Write the counts of transitions between consecutive records of a provider."),
    METHOD(spells, "spells(provider, n_providers, held, published, eligible, opened, closed, order, grades, n_grades, until, rows, "
                   "ended_by, start, end, /)\n--\n\n"
                   "Write how long each grade was held; return the number of spells."),
    METHOD(kendall_grades, "kendall_grades(order, groups, n_groups, days, grades, n_grades, counts, cubes, first=..., stop=..., /)\n--\n\n"
                           "Add Kendall's S of grades against days, and the sums of its ties, for each group."),
    METHOD(kendall_values, "kendall_values(order, groups, n_groups, days, values, counts, cubes, first=..., stop=..., /)\n--\n\n"
                           "Add Kendall's S of numbers against days, and the sums of its ties, for each group."),
    METHOD(kendall_exact, "kendall_exact(runs, s, above, at, /)\n--\n\n"
                          "Write the exact probabilities that S is above and at s."),
    METHOD(theil_sen, "theil_sen(order, groups, n_groups, days, values, n_ranks, ranks, slopes, first=..., stop=..., /)\n--\n\n"
                      "Write the slopes of given ranks among those of all pairs of rows of each group."),
    METHOD(resample_counts, "resample_counts(members, entries, cell, count, n_cells, seed, first_replicate, n_replicates, resampled, /)"
                            "\n--\n\nWrite the counts of replicates that draw providers with replacement."),
    {NULL, NULL, 0, NULL},
};

/* OFSTED_SIF_CPU forces a version of the hot loops; by default the best that the processor has runs. */
static int choose_version(PyObject *module) {
    const char *const forced = getenv("OFSTED_SIF_CPU");
    const char *const name = forced != NULL && *forced != '\0' ? forced : NULL;
    if (sif_use_cpu(name) != 0) {
        PyErr_Format(PyExc_ImportError,
                     "OFSTED_SIF_CPU=%s: this processor has no such version; known are baseline, avx2, avx512 and neon, and without the "
                     "variable the best that the processor has is taken",
                     name);
        return -1;
    }
    return PyModule_AddStringConstant(module, "cpu", sif_cpu_in_use());
}

/* The limited API of 3.11 does not name what 3.12 added to its stable ABI: several interpreters, each with its own GIL. Earlier ones refuse
 * a slot that they do not know. */
#ifndef Py_mod_multiple_interpreters
#define Py_mod_multiple_interpreters 3
#define Py_MOD_PER_INTERPRETER_GIL_SUPPORTED ((void *)2)
#endif

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)choose_version},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static PyModuleDef_Slot slots_3_11[] = {
    {Py_mod_exec, (void *)choose_version},
    {0, NULL},
};

#define DEFINITION(SLOTS)                                                                                                                  \
    {                                                                                                                                      \
        PyModuleDef_HEAD_INIT, .m_name = "ofsted_sif._core", .m_doc = "The kernels, on buffers. For people: ofsted_sif.counts.",           \
        .m_size = 0, .m_methods = methods, .m_slots = SLOTS                                                                                \
    }

static struct PyModuleDef definition = DEFINITION(slots), definition_3_11 = DEFINITION(slots_3_11);

PyMODINIT_FUNC PyInit__core(void);

PyMODINIT_FUNC PyInit__core(void) {
    return PyModuleDef_Init(Py_Version < 0x030C0000 ? &definition_3_11 : &definition); /* one way: of one Python at a time */
}
