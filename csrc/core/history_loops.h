/* The hot loops over blocks of ordered records. Inside the core only. */
#ifndef SIF_HISTORY_LOOPS_H
#define SIF_HISTORY_LOOPS_H

#include "cpu.h"

/* What make_keys says of a block: a record whose provider or day is none or that comes too early; two of one provider and day. */
enum { SIF_FAULTY = 1, SIF_TIED = 2 };

struct sif_history_loops {
    /* key[i + 1] = the provider in the upper half, the day from -2^31 on in the lower; key[0] is given. Returns SIF_FAULTY, SIF_TIED, both
     * or 0. */
    int (*make_keys)(const int32_t *provider, uint32_t n_providers, const int64_t *dated, size_t count, int64_t *key);
    /* cell[k] = (table[k + 1] * stride + grade[k]) * stride + grade[k + 1] where k and k + 1 have one provider, else `none`. */
    void (*find_transitions)(const int64_t *key, const uint32_t *grade, const uint32_t *table, size_t count, uint32_t stride, uint32_t none,
                             uint32_t *cell);
};

SIF_DECLARE_VERSIONS(sif_history_loops);

static inline const sif_history_loops *sif_history_loops_now(void) {
    return sif_cpu_version_now()->histories;
}

#endif
