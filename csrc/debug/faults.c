/* Allocations that fail on purpose, in a build with OFSTED_SIF_FAULTS=1 only; tests/test_faults.py calls it through ctypes.
 *
 * During one call of a function every allocation is counted: those of the kernels, which faults.h leads here, and those that the binding
 * makes in Python's own domains of memory. The n-th of them fails. */
#undef malloc
#undef calloc
#undef realloc
#undef aligned_alloc
#undef free
#undef Py_LIMITED_API /* Python's allocators can be replaced in the full API alone */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdatomic.h>
#include <stdlib.h>

static atomic_llong seen, fails_at; /* allocations of the call, and which of them fails: 0 for none */
static atomic_llong held;           /* blocks that kernels have and have not freed */
static atomic_int armed;

static int fails(void) {
    return atomic_load(&armed) && atomic_fetch_add(&seen, 1) + 1 == atomic_load(&fails_at);
}

static void *counted(void *memory) {
    if (memory != NULL)
        atomic_fetch_add(&held, 1);
    return memory;
}

void *sif_faults_malloc(size_t size) {
    return fails() ? NULL : counted(malloc(size));
}

void *sif_faults_calloc(size_t n, size_t size) {
    return fails() ? NULL : counted(calloc(n, size));
}

void *sif_faults_realloc(void *memory, size_t size) {
    if (fails())
        return NULL;
    void *const moved = realloc(memory, size);
    return memory == NULL ? counted(moved) : moved;
}

void *sif_faults_aligned_alloc(size_t alignment, size_t size) {
    return fails() ? NULL : counted(aligned_alloc(alignment, size));
}

void sif_faults_free(void *memory) {
    if (memory != NULL)
        atomic_fetch_sub(&held, 1);
    free(memory);
}

/* ---- Python's domains: the allocator that was there, behind one that counts */

enum { DOMAINS = 3 };
static const PyMemAllocatorDomain domains[DOMAINS] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
static PyMemAllocatorEx before[DOMAINS];

static void *python_malloc(void *context, size_t size) {
    const PyMemAllocatorEx *const of = context;
    return fails() ? NULL : of->malloc(of->ctx, size);
}

static void *python_calloc(void *context, size_t n, size_t size) {
    const PyMemAllocatorEx *const of = context;
    return fails() ? NULL : of->calloc(of->ctx, n, size);
}

static void *python_realloc(void *context, void *memory, size_t size) {
    const PyMemAllocatorEx *const of = context;
    return fails() ? NULL : of->realloc(of->ctx, memory, size);
}

static void python_free(void *context, void *memory) {
    const PyMemAllocatorEx *const of = context;
    of->free(of->ctx, memory);
}

/* function(*arguments), during which allocation `n`, counted from 1, fails. allocations: how many there were. For one thread at a time. */
__attribute__((visibility("default"))) PyObject *sif_faults_call(PyObject *function, PyObject *arguments, long long n,
                                                                 long long *allocations);

PyObject *sif_faults_call(PyObject *function, PyObject *arguments, long long n, long long *allocations) {
    for (int d = 0; d < DOMAINS; d++) {
        PyMem_GetAllocator(domains[d], &before[d]);
        PyMemAllocatorEx counting = {&before[d], python_malloc, python_calloc, python_realloc, python_free};
        PyMem_SetAllocator(domains[d], &counting);
    }
    atomic_store(&seen, 0);
    atomic_store(&fails_at, n);
    atomic_store(&armed, 1);
    PyObject *const result = PyObject_Call(function, arguments, NULL);
    atomic_store(&armed, 0);
    for (int d = 0; d < DOMAINS; d++)
        PyMem_SetAllocator(domains[d], &before[d]);
    *allocations = atomic_load(&seen);
    return result;
}

/* Blocks that kernels hold now. */
__attribute__((visibility("default"))) long long sif_faults_held(void);

long long sif_faults_held(void) {
    return atomic_load(&held);
}
