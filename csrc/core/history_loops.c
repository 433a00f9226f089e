/* The versions of the hot loops over blocks of ordered records: one template, included once for each instruction set. */
#include "history_loops.h"

#define VERSION(name) name##_baseline
#define TARGET
#include "history_loops_template.h"

#if SIF_X86
#define VERSION(name) name##_avx2
#define TARGET SIF_TARGET_AVX2
#include "history_loops_template.h"

#define VERSION(name) name##_avx512
#define TARGET SIF_TARGET_AVX512
#include "history_loops_template.h"
#endif

#if SIF_NEON
#define VERSION(name) name##_neon
#define TARGET
#include "history_loops_template.h"
#endif
