/* Choosing the version of the hot loops. */
#include "cpu.h"

#include <stddef.h>
#include <string.h>

#include "code_loops.h"
#include "counting_loops.h"
#include "grid_loops.h"
#include "history_loops.h"

#ifndef __STDC_NO_ATOMICS__
#define SHARED _Atomic
#else
#define SHARED volatile
#endif

#define TABLES_OF(VERSION) &sif_code_loops_##VERSION, &sif_counting_loops_##VERSION, &sif_grid_loops_##VERSION, &sif_history_loops_##VERSION

/* Best first. */
static const sif_cpu_version versions[] = {
#if SIF_X86
    {"avx512", TABLES_OF(avx512), 64},
    {"avx2", TABLES_OF(avx2), 32},
#endif
#if SIF_NEON
    {"neon", TABLES_OF(neon), 16},
#endif
    {"baseline", TABLES_OF(baseline), 16},
};
enum { VERSIONS = sizeof versions / sizeof *versions };

/* The one thing that is shared: NULL until the first use, then the choice. Several threads may be the first at once: they write the same.
 */
static const sif_cpu_version *SHARED in_use;

static int is_supported(const sif_cpu_version *version) {
#if SIF_X86
    __builtin_cpu_init();
    if (version->codes == &sif_code_loops_avx2)
        return __builtin_cpu_supports("avx2") != 0;
    if (version->codes == &sif_code_loops_avx512) {
        const int has_words = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"); /* one way: of this processor */
        return has_words && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");  /* one way: of this processor */
    }
#endif
    return version != NULL;
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

const sif_cpu_version *sif_cpu_version_now(void) {
    if (in_use == NULL)
        (void)sif_use_cpu(NULL); /* finds one: every processor has the baseline */
    return in_use;
}

const char *sif_cpu_in_use(void) {
    return sif_cpu_version_now()->name;
}
