/* The versions of the hot loops of ordering and of the as-at grid: one template, included once for each instruction set. */
#include "grid_loops.h"

#define VERSION(name) name##_baseline
#define TARGET
#include "grid_loops_template.h"

#if SIF_X86
#define VERSION(name) name##_avx2
#define TARGET SIF_TARGET_AVX2
#include "grid_loops_template.h"

#define VERSION(name) name##_avx512
#define TARGET SIF_TARGET_AVX512
#include "grid_loops_template.h"
#endif

#if SIF_NEON
#define VERSION(name) name##_neon
#define TARGET
#include "grid_loops_template.h"
#endif
