/* Choosing the version of the hot loops. */
#include "cpu.h"

#include <stddef.h>
#include <string.h>

/* The one thing that is shared: written when the module is imported, under the import's lock, and by tests that force a version. */
static const sif_loops *in_use = &sif_loops_baseline;
static const char *in_use_name = "baseline";

static const sif_loops *version(const char *name) {
    if (strcmp(name, "baseline") == 0)
        return &sif_loops_baseline;
#if SIF_X86
    __builtin_cpu_init();
    if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2"))
        return &sif_loops_avx2;
    if (strcmp(name, "avx512") == 0 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return &sif_loops_avx512;
#endif
    return NULL;
}

int sif_use_cpu(const char *name) {
    static const char *const best_first[] = {"avx512", "avx2", "baseline"};
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++) {
        const int wanted = name == NULL || strcmp(name, best_first[i]) == 0;
        if (wanted && version(best_first[i]) != NULL) {
            in_use = version(best_first[i]);
            in_use_name = best_first[i];
            return 0;
        }
    }
    return -1;
}

const char *sif_cpu_in_use(void) {
    return in_use_name;
}

const sif_loops *sif_loops_now(void) {
    return in_use;
}
