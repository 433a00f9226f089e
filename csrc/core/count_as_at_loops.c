/* The versions of the hot loops of the as-at grid: one template, included once for each instruction set. */
#include "cpu.h"

#define VERSION(name) name##_baseline
#define TARGET
#include "count_as_at_loops.h"

#if SIF_X86
#define VERSION(name) name##_avx2
#define TARGET SIF_TARGET_AVX2
#include "count_as_at_loops.h"

#define VERSION(name) name##_avx512
#define TARGET SIF_TARGET_AVX512
#include "count_as_at_loops.h"
#endif

#if SIF_NEON
#define VERSION(name) name##_neon
#define TARGET
#include "count_as_at_loops.h"
#endif
