/* Which version of the hot loops runs. Each such loop is written once, in a template, which is included once for each instruction set.
 * A version is one table of functions for each subject. Inside the core only. */
#ifndef SIF_CPU_H
#define SIF_CPU_H

#include "sif.h"

/* The AVX versions need a compiler that takes targets by function. */
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define SIF_X86 1
#define SIF_TARGET_AVX2 __attribute__((target("avx2")))
#if defined(__clang__) /* clang takes the width in another way, and would drop the whole attribute over gcc's word for it */
#define SIF_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), min_vector_width(512)))
#else
#define SIF_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))
#endif
#else
#define SIF_X86 0
#endif

/* Every 64-bit ARM processor has NEON, and compilers use it unasked: nothing needs to be found out about the processor. */
#if defined(__aarch64__) || defined(_M_ARM64)
#define SIF_NEON 1
#else
#define SIF_NEON 0
#endif

/* For a function that must become one loop with its caller. */
#if defined(__GNUC__)
#define SIF_INLINE static inline __attribute__((always_inline))
#else
#define SIF_INLINE static inline
#endif

enum { SIF_KINDS = SIF_UINT64 + 1 };

/* In a template: the functions NAME_<kind> of this version, by kind. */
#define SIF_BY_KIND(NAME)                                                                                                                  \
    {[SIF_INT8] = VERSION(NAME##_int8),     [SIF_INT16] = VERSION(NAME##_int16),  [SIF_INT32] = VERSION(NAME##_int32),                     \
     [SIF_INT64] = VERSION(NAME##_int64),   [SIF_UINT8] = VERSION(NAME##_uint8),  [SIF_UINT16] = VERSION(NAME##_uint16),                   \
     [SIF_UINT32] = VERSION(NAME##_uint32), [SIF_UINT64] = VERSION(NAME##_uint64)}

typedef struct sif_code_loops sif_code_loops;         /* code_loops.h */
typedef struct sif_counting_loops sif_counting_loops; /* counting_loops.h */
typedef struct sif_grid_loops sif_grid_loops;         /* grid_loops.h */
typedef struct sif_history_loops sif_history_loops;   /* history_loops.h */

typedef struct {
    const char *name;
    const sif_code_loops *codes;
    const sif_counting_loops *counting;
    const sif_grid_loops *grid;
    const sif_history_loops *histories;
    int register_bytes; /* for the few loops that stand elsewhere: 64 with AVX-512, 32 with AVX2, else 16 */
} sif_cpu_version;

/* The version in use: the best that this processor has, unless sif_use_cpu has chosen another. */
const sif_cpu_version *sif_cpu_version_now(void);

/* Declares the tables of one subject, one for each version. */
#define SIF_DECLARE_BASELINE(LOOPS) extern const LOOPS LOOPS##_baseline
#if SIF_X86
#define SIF_DECLARE_VERSIONS(LOOPS)                                                                                                        \
    SIF_DECLARE_BASELINE(LOOPS);                                                                                                           \
    extern const LOOPS LOOPS##_avx2, LOOPS##_avx512
#elif SIF_NEON
#define SIF_DECLARE_VERSIONS(LOOPS)                                                                                                        \
    SIF_DECLARE_BASELINE(LOOPS);                                                                                                           \
    extern const LOOPS LOOPS##_neon
#else
#define SIF_DECLARE_VERSIONS(LOOPS) SIF_DECLARE_BASELINE(LOOPS)
#endif

#endif
