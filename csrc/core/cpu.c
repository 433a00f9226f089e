/* Choosing the version of the hot loops. */
#include "cpu.h"

#include <stddef.h>
#include <string.h>

#ifndef __STDC_NO_ATOMICS__
#define SHARED _Atomic
#else
#define SHARED volatile
#endif

typedef struct {
    const char *name;
    const sif_counting_loops *counting;
    const sif_grid_loops *grid;
    const sif_history_loops *histories;
} version;

/* Best first. */
static const version versions[] = {
#if SIF_X86
    {"avx512", &sif_counting_loops_avx512, &sif_grid_loops_avx512, &sif_history_loops_avx512},
    {"avx2", &sif_counting_loops_avx2, &sif_grid_loops_avx2, &sif_history_loops_avx2},
#endif
#if SIF_NEON
    {"neon", &sif_counting_loops_neon, &sif_grid_loops_neon, &sif_history_loops_neon},
#endif
    {"baseline", &sif_counting_loops_baseline, &sif_grid_loops_baseline, &sif_history_loops_baseline},
};
enum { VERSIONS = sizeof versions / sizeof *versions };

/* The one thing that is shared: written when the module is first imported, and by tests that force a version. Another interpreter of the
 * process imports it under a lock of its own, while kernels run: it finds its choice made, and writes nothing. Two that are the first at
 * once write the same. */
static const version *SHARED in_use = &versions[VERSIONS - 1];

static int is_supported(const version *v) {
#if SIF_X86
    __builtin_cpu_init();
    if (v->counting == &sif_counting_loops_avx2)
        return __builtin_cpu_supports("avx2") != 0;
    if (v->counting == &sif_counting_loops_avx512) {
        const int has_words = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"); /* one way: of this processor */
        return has_words && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");  /* one way: of this processor */
    }
#endif
    return v != NULL;
}

int sif_use_cpu(const char *name) {
    for (size_t i = 0; i < VERSIONS; i++)
        if ((name == NULL || strcmp(name, versions[i].name) == 0) && is_supported(&versions[i])) { /* one way: of this processor */
            /* cppcheck-suppress duplicateConditionalAssign; what stays the same is not written while others read it */
            if (in_use != &versions[i])
                in_use = &versions[i];
            return 0;
        }
    return -1;
}

const char *sif_cpu_in_use(void) {
    return in_use->name;
}

const sif_counting_loops *sif_counting_loops_now(void) {
    return in_use->counting;
}

const sif_grid_loops *sif_grid_loops_now(void) {
    return in_use->grid;
}

const sif_history_loops *sif_history_loops_now(void) {
    return in_use->histories;
}
