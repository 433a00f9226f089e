/* The hot loops of ordering and of the as-at grid. Inside the core only. */
#ifndef SIF_GRID_LOOPS_H
#define SIF_GRID_LOOPS_H

#include "code_loops.h"
#include "cpu.h"

/* An entry for each day from first to last. */
typedef struct {
    int64_t first, last;
    int32_t *entry;
} sif_day_table;

/* The least and the largest of some days; least > most where there is none. */
typedef struct {
    int64_t least, most;
} sif_span;

/* later: by how much `published` is later than `dated`; 2^64 is added or taken away where that does not fit. */
typedef struct {
    sif_span dated, published, later;
} sif_spans;

/* How the keys of a record are packed into a word. Each is given as its place, which is counted from 1 for `least`; 0 is for a missing
 * one. */
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

/* The template says what each does. They work on a block of records; is_ordered reads one record past `count`. */
struct sif_grid_loops {
    void (*find_dates)(const int64_t *inspected, const int64_t *published, size_t count, int64_t *dated);
    int (*is_ordered)(const int32_t *provider, const int64_t *dated, const int64_t *published, const int64_t *row, size_t count);
    int (*extend_spans)(const int64_t *dated, const int64_t *published, size_t count, sif_spans *spans);
    void (*pack)(const sif_layout *layout, const int32_t *provider, const int64_t *dated, const int64_t *published, size_t count,
                 uint64_t *words);
    int (*put_bits)(const int32_t *value, size_t count, int32_t more, int shift, uint64_t *words);
    void (*take_bits)(const uint64_t *words, size_t count, int shift, uint32_t mask, uint32_t most, int32_t less, int32_t *value);
    void (*find_positions)(const sif_day_table *dates, const sif_day_table *cutoffs, const int64_t *inspected, const int64_t *published,
                           size_t count, int32_t *from);
    void (*find_cells)(const int32_t *group, const int32_t *grade, const int32_t *from, const int32_t *to, size_t count, int64_t n_dates,
                       int64_t n_groups, int64_t n_grades, int64_t *begin, int64_t *end);
};

SIF_DECLARE_VERSIONS(sif_grid_loops);

static inline const sif_grid_loops *sif_grid_loops_now(void) {
    return sif_cpu_version_now()->grid;
}

#endif
