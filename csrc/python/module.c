/* The module ofsted_sif._core: its functions, and multi-phase initialisation without any global state. */
#include "binding.h"

#include <stdlib.h>

/* The limited API knows METH_FASTCALL functions by their own type, the method table by another. */
#define METHOD(NAME, SIGNATURE) {#NAME, (PyCFunction)(void (*)(void))bind_##NAME, METH_FASTCALL, PyDoc_STR(SIGNATURE)}

static PyMethodDef methods[] = {
    METHODS_OF_KERNELS,
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
    {PyModuleDef_HEAD_INIT, .m_name = "ofsted_sif._core", .m_doc = "The kernels, on buffers. For people: ofsted_sif.counts.",              \
     .m_size = 0,           .m_methods = methods,         .m_slots = SLOTS}

static struct PyModuleDef definition = DEFINITION(slots), definition_3_11 = DEFINITION(slots_3_11);

PyMODINIT_FUNC PyInit__core(void);

PyMODINIT_FUNC PyInit__core(void) {
    return PyModuleDef_Init(Py_Version < 0x030C0000 ? &definition_3_11 : &definition); /* one way: of one Python at a time */
}
