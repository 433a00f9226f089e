/* The versions of the hot loops over blocks of ordered records: one template, included once for each instruction set. */
#include "cpu.h"
#include "records.h"

#define VERSION(name) name##_baseline
#define TARGET
#include "histories_loops.h"

#if SIF_X86
#define VERSION(name) name##_avx2
#define TARGET SIF_TARGET_AVX2
#include "histories_loops.h"

#define VERSION(name) name##_avx512
#define TARGET SIF_TARGET_AVX512
#include "histories_loops.h"
#endif

#if SIF_NEON
#define VERSION(name) name##_neon
#define TARGET
#include "histories_loops.h"
#endif
