/* Which version of the hot loops runs. Each such loop is written once, in a template that is included once a version; a version is a
 * table of its functions. The table in use is chosen when the module is imported. Inside the core only. */
#ifndef SIF_CPU_H
#define SIF_CPU_H

#include "sif.h"

/* The AVX versions need a compiler that takes targets by function. */
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define SIF_X86 1
#define SIF_TARGET_AVX2 __attribute__((target("avx2")))
#define SIF_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))
#else
#define SIF_X86 0
#endif

enum { SIF_BLOCK = 1024, SIF_KINDS = SIF_UINT64 + 1 };

typedef int sif_find_cells(const void *groups, const int8_t *grades, size_t count, uint32_t n_groups, uint32_t n_grades, void *cells);

/* The hot loops of counting; count <= SIF_BLOCK, but for count_values. Tables by kind hold NULL where a kind is widened first. */
typedef struct {
    /* cells[i] = min(group, n_groups) * (n_grades + 1) + min(grade, n_grades), so that missing (-1, the largest unsigned) goes last; as
     * uint16 where all cells, and n_groups + 1, fit that, else as uint32. Returns whether a code is neither missing nor below its number
     * (cells are then void); -1 is missing in signed kinds only. n_grades <= 127. */
    sif_find_cells *find_cells_16[SIF_KINDS], *find_cells_32[SIF_KINDS];
    /* out[i] = the code as int32, -1 where it is missing or valid[i] is 0. Returns whether a code is neither missing nor below size. */
    int (*widen[SIF_KINDS])(const void *codes, const uint8_t *valid, size_t count, uint32_t size, int32_t *out);
    /* counts[v] += number of grades that are v, counts[n_grades] += number that are -1; others are not counted. */
    void (*count_values)(const int8_t *grades, size_t count, uint32_t n_grades, int64_t *counts);
} sif_loops;

/* An entry for each day from first to last. */
typedef struct {
    int64_t first, last;
    int32_t *entry;
} sif_day_table;

/* The hot loops of the as-at grid: see the template for what each does. is_ordered reads one record past `count`. */
typedef struct {
    void (*place)(const int64_t *held, const int64_t *published, size_t count, int64_t *placed);
    int (*is_ordered)(const int32_t *provider, const int64_t *placed, const int64_t *published, const int64_t *row, size_t count);
    void (*find_positions)(const sif_day_table *dates, const sif_day_table *cutoffs, const int64_t *held, const int64_t *published,
                           size_t count, int32_t *from);
} sif_grid_loops;

extern const sif_loops sif_loops_baseline;
extern const sif_grid_loops sif_grid_loops_baseline;
#if SIF_X86
extern const sif_loops sif_loops_avx2, sif_loops_avx512;
extern const sif_grid_loops sif_grid_loops_avx2, sif_grid_loops_avx512;
#endif

/* The version in use. */
const sif_loops *sif_loops_now(void);
const sif_grid_loops *sif_grid_loops_now(void);

#endif
