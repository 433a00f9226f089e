/* The hot loops of counting by group and grade. Inside the core only. */
#ifndef SIF_COUNTING_LOOPS_H
#define SIF_COUNTING_LOOPS_H

#include "codes.h"
#include "cpu.h"

/* Counters of 16 bits in private tables, used in turn, so that rows of one cell do not wait for one another's increment. */
enum {
    SIF_TABLES = 8,
    SIF_STRIP = 64,                          /* rows that are counted while the cells of the next are found */
    SIF_STAND_INS = SIF_STRIP / SIF_TABLES,  /* rows of a table for one group, so that each row of a strip has its own counter */
    SIF_TABLE_CELLS = 3072,                  /* with more cells than this, one table is quicker */
    SIF_TABLE_MASK = 4095,                   /* the largest cell there can be, whatever the codes were when they were read */
    SIF_TABLE_SPACING = SIF_TABLE_CELLS + 16 /* A constant, so that one register addresses all tables. Were they a multiple of 4096 bytes
                                                apart, they would compete for the same places of the cache. */
};

/* Where the rows lie that will be counted some time after the first of a block, and the bytes from one to the next; 0 for no groups. */
typedef struct {
    uintptr_t groups, grades;
    size_t group_width, grade_width;
} sif_rows_ahead;

/* Asks for the rows that lie ahead of the strip that begins with row `first`. Past the end of a column there is nothing to bring. */
SIF_INLINE void sif_fetch_strip(const sif_rows_ahead *ahead, size_t first) {
    const uintptr_t group = ahead->groups + first * ahead->group_width, grade = ahead->grades + first * ahead->grade_width;
    /* NOLINTBEGIN(performance-no-int-to-ptr): a pointer must not leave its array; these addresses are never read */
    for (uintptr_t line = group; line < group + SIF_STRIP * ahead->group_width; line += SIF_LINE)
        SIF_FETCH((const void *)line);
    for (uintptr_t line = grade; line < grade + SIF_STRIP * ahead->grade_width; line += SIF_LINE)
        SIF_FETCH((const void *)line);
    /* NOLINTEND(performance-no-int-to-ptr) */
}

struct sif_counting_loops {
    /* Adds each row to a cell of one of SIF_TABLES tables, which lie SIF_TABLE_SPACING counters apart. `count` is a multiple of SIF_STRIP.
     * Tables have n_grades + 2 columns: column 0 is for missing grades, grade g has column g + 1, and the last is for what is out of range.
     * So have their rows for groups. valid: 0xFF for each row, or 0 where its group is missing; NULL where none is but by its code.
     * SIF_STAND_INS more rows stand in for the row `frequent`. Whatever the codes, a cell is at most
     * SIF_TABLE_MASK, and the last table has room for so many. A counter may be reached by no more rows than 16 bits can count;
     * n_groups + 2 + SIF_STAND_INS and all cells fit 16 bits, and n_grades <= 127. */
    void (*count_in_tables[SIF_KINDS])(const void *groups, const uint8_t *valid, const int8_t *grades, size_t count,
                                       uint32_t n_groups, uint32_t n_grades, uint32_t frequent, const sif_rows_ahead *ahead,
                                       uint16_t *tables);
    /* cell[i] = min(group, n_groups) * (n_grades + 1) + min(grade, n_grades), so that missing (-1, the largest unsigned) goes last; valid as
     * above. Returns whether a code may be neither missing nor below its number; the cells are void then. -1 is missing in signed kinds
     * only, and n_grades <= 127. Where others write to the codes, one value may be checked and another used, and a cell may be any
     * number. */
    int (*find_cells[SIF_KINDS])(const void *groups, const uint8_t *valid, const int8_t *grades, size_t count, uint32_t n_groups,
                                 uint32_t n_grades, uint32_t *cell);
    /* counts[v] += number of grades that are v, counts[n_grades] += number that are -1; others are not counted. */
    void (*count_values)(const int8_t *grades, size_t count, uint32_t n_grades, int64_t *counts);
};

SIF_DECLARE_VERSIONS(sif_counting_loops);

static inline const sif_counting_loops *sif_counting_loops_now(void) {
    return sif_cpu_version_now()->counting;
}

#endif
