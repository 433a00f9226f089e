/* Which version of the hot loops runs. Each such loop is written once, in a template that is included once a version; a version is a
 * table of its functions. The table in use is chosen when the module is imported. Inside the core only. */
#ifndef SIF_CPU_H
#define SIF_CPU_H

#include "codes.h"
#include "sif.h"

/* The AVX versions need a compiler that takes targets by function. */
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define SIF_X86 1
#define SIF_TARGET_AVX2 __attribute__((target("avx2")))
#if defined(__clang__) /* which takes the width in another way, and drops the whole attribute where it meets this one */
#define SIF_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), min_vector_width(512)))
#else
#define SIF_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))
#endif
#else
#define SIF_X86 0
#endif

/* For what is one loop with its caller. */
#if defined(__GNUC__)
#define SIF_INLINE static inline __attribute__((always_inline))
#else
#define SIF_INLINE static inline
#endif

/* Every 64-bit ARM processor has NEON, and compilers use it unasked: nothing needs to be found out about the processor. */
#if defined(__aarch64__) || defined(_M_ARM64)
#define SIF_NEON 1
#else
#define SIF_NEON 0
#endif

enum { SIF_BLOCK = 1024, SIF_KINDS = SIF_UINT64 + 1 };

/* In a template: the functions NAME_<kind>SUFFIX of this version, by kind. */
#define SIF_BY_KIND(NAME, SUFFIX)                                                                                                          \
    {[SIF_INT8] = VERSION(NAME##_int8##SUFFIX),     [SIF_INT16] = VERSION(NAME##_int16##SUFFIX),                                           \
     [SIF_INT32] = VERSION(NAME##_int32##SUFFIX),   [SIF_INT64] = VERSION(NAME##_int64##SUFFIX),                                           \
     [SIF_UINT8] = VERSION(NAME##_uint8##SUFFIX),   [SIF_UINT16] = VERSION(NAME##_uint16##SUFFIX),                                         \
     [SIF_UINT32] = VERSION(NAME##_uint32##SUFFIX), [SIF_UINT64] = VERSION(NAME##_uint64##SUFFIX)}

/* Counters of 16 bits in private tables, used in turn, so that rows of one cell do not wait for one another's increment. */
enum {
    SIF_TABLES = 8,
    SIF_STRIP = 64,                          /* rows that are counted while the cells of the next are found */
    SIF_STAND_INS = SIF_STRIP / SIF_TABLES,  /* rows of a table for one group, so that each row of a strip has its own counter */
    SIF_TABLE_CELLS = 3072,                  /* with more cells than this, one table is quicker */
    SIF_TABLE_MASK = 4095,                   /* what each cell is held to, whatever its codes were when they were read */
    SIF_TABLE_SPACING = SIF_TABLE_CELLS + 16 /* a constant, so that one register addresses all; nowhere near a multiple of 4096 bytes,
                                                at which tables would compete for the same places of the cache */
};

typedef int sif_find_cells(const void *groups, const uint8_t *valid, const int8_t *grades, size_t count, uint32_t n_groups,
                           uint32_t n_grades, void *cells);
typedef sif_find_cells *sif_find_cells_by_kind[SIF_KINDS];

/* Where rows lie that will be counted some time after the first of a block, and the bytes from one to the next; for no groups 0. */
typedef struct {
    uintptr_t groups, grades;
    size_t group_width, grade_width;
} sif_rows_ahead;

/* Brings near what lies ahead of the strip that begins with row `first`; past the end of a column there is nothing to bring. */
SIF_INLINE void sif_fetch_strip(const sif_rows_ahead *ahead, size_t first) {
    const uintptr_t group = ahead->groups + first * ahead->group_width, grade = ahead->grades + first * ahead->grade_width;
    /* NOLINTBEGIN(performance-no-int-to-ptr): a pointer must not leave its array; these addresses are never read */
    for (uintptr_t line = group; line < group + SIF_STRIP * ahead->group_width; line += SIF_LINE)
        SIF_FETCH((const void *)line);
    for (uintptr_t line = grade; line < grade + SIF_STRIP * ahead->grade_width; line += SIF_LINE)
        SIF_FETCH((const void *)line);
    /* NOLINTEND(performance-no-int-to-ptr) */
}

typedef void sif_count_in_tables(const void *groups, const uint8_t *valid, const int8_t *grades, size_t count, uint32_t n_groups,
                                 uint32_t n_grades, uint32_t frequent, const sif_rows_ahead *ahead, uint16_t *tables);

/* The hot loops of counting; 0 < count <= SIF_BLOCK where it is not said otherwise. The second of each two by kind takes groups with
 * valid[i] 0xFF, or 0 where the group is missing; the first does not look at it. */
typedef struct {
    /* Adds each row to a cell of one of SIF_TABLES tables, which lie SIF_TABLE_SPACING counters apart; count, of any size, is a multiple of
     * SIF_STRIP. Tables have n_grades + 2 columns: column 0 is for missing grades, grade g has column g + 1, and the last is for what is
     * out of range. So have their rows for groups, and SIF_STAND_INS more, which stand in for the row `frequent`. Whatever the codes, a
     * cell is no more than SIF_TABLE_MASK, and the last table has room for so many. No counter may be reached by more rows than 16 bits
     * count; n_groups + 2 + SIF_STAND_INS and all cells fit 16 bits, n_grades <= 127. */
    sif_count_in_tables *count_in_tables[2][SIF_KINDS];
    /* cells[i] = min(group, n_groups) * (n_grades + 1) + min(grade, n_grades), so that missing (-1, the largest unsigned) goes last; as
     * uint16 where all cells, and n_groups + 1, fit that, else as uint32. Returns whether a code may be neither missing nor below its
     * number (where one is, cells are void); -1 is missing in signed kinds only. n_grades <= 127, or all grades are 0. */
    sif_find_cells_by_kind find_cells_16[2], find_cells_32[2];
    /* valid[i] = 0xFF or 0 as bit first + i of the bitmap says. */
    void (*spread_validity)(const uint8_t *bitmap, int64_t first, size_t count, uint8_t *valid);
    /* masked[i] = the grade of one byte, -1 where valid[i] is 0. Returns whether one that is valid is negative as int8. */
    int (*mask_grades)(const void *grades, const uint8_t *valid, size_t count, int8_t *masked);
    /* out[i] = the code as int32, -1 where it is missing or valid[i] is 0. Returns whether a code is neither missing nor below size. */
    int (*widen[SIF_KINDS])(const void *codes, const uint8_t *valid, size_t count, uint32_t size, int32_t *out);
    /* counts[v] += number of grades that are v, counts[n_grades] += number that are -1; others are not counted. */
    void (*count_values)(const int8_t *grades, size_t count, uint32_t n_grades, int64_t *counts);
    /* Makes n_cells - 1 of what is not below n_cells: where others write to the codes, find_cells may check one value and use another. */
    void (*clamp_cells_16)(uint16_t *cells, size_t count, uint16_t n_cells);
    void (*clamp_cells_32)(uint32_t *cells, size_t count, uint32_t n_cells);
} sif_counting_loops;

/* An entry for each day from first to last. */
typedef struct {
    int64_t first, last;
    int32_t *entry;
} sif_day_table;

/* What a day lies between; least > most where there is none. */
typedef struct {
    int64_t least, most;
} sif_span;

typedef struct {
    sif_span dated, published, later; /* later: what `published` is later than `dated`, 2^64 added or taken away where it does not fit */
} sif_spans;

/* How the keys of a record are packed into a word: each as its place, counted from 1 for `least`, with 0 for a missing one. */
enum { SIF_PUBLISHED, SIF_DATED, SIF_PROVIDER, SIF_N_KEYS };

typedef struct {
    int64_t least; /* subtracted from the key; a provider is its own place */
    int bits;      /* that a place takes */
} sif_key_range;

typedef struct {
    sif_key_range range[SIF_N_KEYS];
    int shift[SIF_N_KEYS]; /* below 64 */
    int by_difference;     /* whether SIF_PUBLISHED is counted from `dated` */
} sif_layout;

/* The hot loops of ordering and of the as-at grid: see the template for what each does. is_ordered reads one record past `count`. */
typedef struct {
    void (*find_dates)(const int64_t *inspected, const int64_t *published, size_t count, int64_t *dated);
    int (*is_ordered)(const int32_t *provider, const int64_t *dated, const int64_t *published, const int64_t *row, size_t count);
    int (*extend_spans)(const int64_t *dated, const int64_t *published, size_t count, sif_spans *spans);
    void (*pack)(const sif_layout *layout, const int32_t *provider, const int64_t *dated, const int64_t *published, size_t count,
                 uint64_t *words);
    void (*find_positions)(const sif_day_table *dates, const sif_day_table *cutoffs, const int64_t *inspected, const int64_t *published,
                           size_t count, int32_t *from);
    void (*find_cells)(const int32_t *group, const int32_t *grade, const int32_t *from, const int32_t *to, size_t count, int64_t n_dates,
                       int64_t n_groups, int64_t n_grades, int64_t *begin, int64_t *end);
} sif_grid_loops;

/* What make_keys says of a block: a record that is missing something or comes too early; two of one provider and day. */
enum { SIF_FAULTY = 1, SIF_TIED = 2 };

/* The hot loops over blocks of ordered records. */
typedef struct {
    /* out[i] = the code of rows[i], or of row i without rows: -1 where it is missing, SIF_NO_CODE where it is out of range. */
    void (*load[SIF_KINDS])(const void *codes, const int64_t *rows, size_t count, uint32_t size, int32_t *out);
    /* Makes SIF_NO_CODE of what is neither -1 nor below size. Where others write to the codes, `load` may check one value and give another,
     * as compilers may read memory twice; what it gave is nobody else's, and this function is called, not made one with it. */
    void (*clamp_codes)(int32_t *codes, size_t count, uint32_t size);
    /* key[i + 1] = the provider above, the day from -2^31 on below; key[0] is given. Returns SIF_FAULTY, SIF_TIED, both or 0. */
    int (*make_keys)(const int32_t *provider, const int64_t *dated, size_t count, int64_t *key);
    /* cell[i] = cell[i] * (size + 1) + the code, size where it is missing. Returns whether a code is SIF_NO_CODE. */
    int (*append_codes)(const int32_t *codes, size_t count, uint32_t size, uint32_t *cell);
    /* cell[k] = (table[k + 1] * stride + grade[k]) * stride + grade[k + 1] where k and k + 1 have one provider, else `none`. */
    void (*find_transitions)(const int64_t *key, const uint32_t *grade, const uint32_t *table, size_t count, uint32_t stride, uint32_t none,
                             uint32_t *cell);
} sif_history_loops;

extern const sif_counting_loops sif_counting_loops_baseline;
extern const sif_grid_loops sif_grid_loops_baseline;
extern const sif_history_loops sif_history_loops_baseline;
#if SIF_X86
extern const sif_counting_loops sif_counting_loops_avx2, sif_counting_loops_avx512;
extern const sif_grid_loops sif_grid_loops_avx2, sif_grid_loops_avx512;
extern const sif_history_loops sif_history_loops_avx2, sif_history_loops_avx512;
#endif
#if SIF_NEON
extern const sif_counting_loops sif_counting_loops_neon;
extern const sif_grid_loops sif_grid_loops_neon;
extern const sif_history_loops sif_history_loops_neon;
#endif

/* The version in use. */
const sif_counting_loops *sif_counting_loops_now(void);
const sif_grid_loops *sif_grid_loops_now(void);
const sif_history_loops *sif_history_loops_now(void);

#endif
