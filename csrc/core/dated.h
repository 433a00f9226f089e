/* Walking rows that lie in order of group and day, for the kernels of trends. Inside the core only. */
#ifndef SIF_DATED_H
#define SIF_DATED_H

#include "codes.h"

/* What the order has at position j < rows->n, whether that is a row or not. */
static inline int64_t sif_order_at(const sif_dated *rows, int64_t j) {
    return rows->order != NULL ? sif_once(rows->order, j) : j;
}

/* The row at position j, which sif_next_group has checked. What it may have become since is limited to the rows there are. */
static inline int64_t sif_row_at(const sif_dated *rows, int64_t j) {
    if (rows->order == NULL)
        return j;
    const int64_t row = sif_once(rows->order, j);
    return row >= 0 && row < rows->n ? row : 0; /* one way: an array must change meanwhile */
}

/* The first position from `position` on where another group follows. `order` may name rows that there are not. */
static inline int64_t sif_start_of_group(const sif_dated *rows, int64_t position) {
    for (; position > 0 && position < rows->n; position++) {
        const int64_t before = sif_order_at(rows, position - 1), row = sif_order_at(rows, position);
        if (before < 0 || before >= rows->n || row < 0 || row >= rows->n ||
            sif_code_at(&rows->group, before) != sif_code_at(&rows->group, row))
            break;
    }
    return position;
}

static inline sif_piece sif_piece_of(const sif_dated *rows) {
    if (rows->piece == NULL)
        return (sif_piece){.first = 0, .stop = rows->n};
    const int64_t first = sif_start_of_group(rows, rows->piece->first), stop = sif_start_of_group(rows, rows->piece->stop);
    return (sif_piece){.first = first, .stop = stop > first ? stop : first};
}

/* Gives the group whose rows begin at position `start`, and the position after its last row, which is at most `end`, where the piece
 * ends. Every position up to there is checked: it names a row, the row's group exists, its day is known, and neither group nor day goes
 * back. The rows are added to the work that the interrupt check counts. */
static inline sif_status sif_next_group(const sif_dated *rows, int64_t start, int64_t end, int64_t *group, int64_t *stop,
                                        const sif_interrupt_check *interrupt, int64_t *work) {
    int64_t of_group = -1, before = SIF_NO_DAY, j = start;
    for (; j < rows->n; j++) {
        const int64_t i = sif_order_at(rows, j);
        if (i < 0 || i >= rows->n)
            return sif_fail(SIF_BAD_ROW, j, i);
        const int64_t code = sif_code_at(&rows->group, i);
        if (code < 0 || code >= rows->group.size)
            return sif_fail(SIF_BAD_GROUP, i, code);
        const int64_t day = sif_once(rows->day, i);
        if (day == SIF_NO_DAY)
            return sif_fail(SIF_NO_DATE, i, 0);
        if (j == start)
            of_group = code;
        if (code < of_group || (code == of_group && day < before))
            return sif_fail(SIF_UNORDERED, i, 0);
        if (code > of_group)
            break;
        before = day;
        if (sif_is_interrupted_after(interrupt, work, 1))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    if (j > end)              /* one way: an array must change meanwhile */
        return sif_changed(); /* not reached: an array must change meanwhile */
    *group = of_group;
    *stop = j;
    return sif_ok();
}

#endif
