/* Walking rows that lie in order of group and day, for the kernels of trends. Inside the core only. */
#ifndef SIF_DATED_H
#define SIF_DATED_H

#include "codes.h"

/* The row at position j of the order; a position is below rows->n, the row is checked by sif_next_group. */
static inline int64_t sif_row_at(const sif_dated *rows, int64_t j) { return rows->order != NULL ? rows->order[j] : j; }

/* The first position from `position` on at which another group follows; `order` may name rows that there are not. */
static inline int64_t sif_start_of_group(const sif_dated *rows, int64_t position) {
    for (; position > 0 && position < rows->n; position++) {
        const int64_t before = sif_row_at(rows, position - 1), row = sif_row_at(rows, position);
        if (before < 0 || before >= rows->n || row < 0 || row >= rows->n ||
            sif_code_at(&rows->group, before) != sif_code_at(&rows->group, row))
            break;
    }
    return position;
}

static inline sif_piece sif_piece_of(const sif_dated *rows) {
    const sif_piece all = {0, rows->n};
    return rows->piece == NULL ? all
                               : (sif_piece){sif_start_of_group(rows, rows->piece->first), sif_start_of_group(rows, rows->piece->stop)};
}

/* The group whose rows begin at position `start`, and the position after its last. Every position up to there is checked: it names a
 * row, whose group exists and whose day is known, and neither group nor day goes back. The rows are added to the watched work. */
static inline sif_status sif_next_group(const sif_dated *rows, int64_t start, int64_t *group, int64_t *stop, const sif_watch *watch,
                                        int64_t *work) {
    int64_t of_group = -1, before = SIF_NO_DAY, j = start;
    for (; j < rows->n; j++) {
        const int64_t i = sif_row_at(rows, j);
        if (i < 0 || i >= rows->n)
            return sif_fail(SIF_BAD_ROW, j, i);
        const int64_t code = sif_code_at(&rows->group, i);
        if (code < 0 || code >= rows->group.size)
            return sif_fail(SIF_BAD_GROUP, i, code);
        if (rows->day[i] == SIF_NO_DAY)
            return sif_fail(SIF_NO_DATE, i, 0);
        if (j == start)
            of_group = code;
        if (code < of_group || (code == of_group && rows->day[i] < before))
            return sif_fail(SIF_UNORDERED, i, 0);
        if (code > of_group)
            break;
        before = rows->day[i];
        if (sif_stop_after(watch, work, 1))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    *group = of_group;
    *stop = j;
    return sif_ok();
}

#endif
