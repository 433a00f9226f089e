/* Sorting numbers and counting what was out of order. Inside the core only. */
#ifndef SIF_SORTING_H
#define SIF_SORTING_H

#include <string.h>

#include "codes.h"

enum { SIF_SORT_RUN = 8 /* values sorted by insertion before runs are merged */ };

/* Sorts values[0 .. n - 1]; `spare` has room for as many. Returns the number of inversions, which are pairs whose first was larger, or
 * -1 where the interrupt check says stop. What is sorted is added to the work that the interrupt check counts. */
static inline int64_t sif_sort_values(double *values, double *spare, int64_t n, const sif_interrupt_check *interrupt, int64_t *work) {
    int64_t inversions = 0;
    for (int64_t low = 0; low < n; low += SIF_SORT_RUN) {
        const int64_t high = n - low < SIF_SORT_RUN ? n : low + SIF_SORT_RUN;
        for (int64_t k = low + 1; k < high; k++) {
            const double value = values[k];
            int64_t i = k;
            for (; i > low && values[i - 1] > value; i--)
                values[i] = values[i - 1];
            values[i] = value;
            inversions += k - i;
        }
        if (sif_is_interrupted_after(interrupt, work, high - low))
            return -1;
    }
    double *from = values, *to = spare;
    for (int64_t width = SIF_SORT_RUN; width < n; width *= 2) {
        for (int64_t low = 0; low < n; low += 2 * width) {
            const int64_t middle = n - low < width ? n : low + width, high = n - low < 2 * width ? n : low + 2 * width;
            int64_t left = low, right = middle, k = low;
            while (left < middle && right < high) {
                const int64_t first = k, pause = k + SIF_ROWS_PER_CHECK;
                while (left < middle && right < high && k < pause) {
                    /* Without a branch on the comparison, which no processor could predict. */
                    const int take_right = from[right] < from[left];
                    to[k++] = from[take_right ? right : left];
                    inversions += take_right ? middle - left : 0;
                    right += take_right;
                    left += !take_right;
                }
                if (sif_is_interrupted_after(interrupt, work, k - first))
                    return -1;
            }
            memcpy(to + k, from + left, (size_t)(middle - left) * sizeof *to);
            memcpy(to + k + (middle - left), from + right, (size_t)(high - right) * sizeof *to);
        }
        double *const sorted = to;
        to = from;
        from = sorted;
    }
    if (from != values)
        memcpy(values, from, (size_t)n * sizeof *values);
    return inversions;
}

#endif
