/* Slopes of given ranks among those of all pairs of rows of a group, without a list of the pairs.
 *
 * A pass counts the slopes below a bracket and keeps those inside it, or an even sample where they are too many. The sample tells where in
 * the bracket the wanted rank lies, which gives the next bracket. Two or three passes are enough for any number of pairs. The result is
 * exactly the slope of a pair.
 *
 * The quick pass uses that a pair's slope is below b where the two rows change places in the order by y - b x (Matousek 1991). The
 * slopes below the bracket are counted as inversions. Those inside are met while the order at one end is turned into that at the other.
 * Rounding may put a pair on the wrong side of an end that it nearly touches; the answer stands if it lies further inside. Otherwise,
 * and where very many pairs share one slope, the plain pass computes all slopes again. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "dated.h"
#include "sorting.h"

#ifndef SIF_THEIL_SEN_KEPT /* some tests keep fewer, and often miss */
#define SIF_THEIL_SEN_KEPT (1 << 15)
#define SIF_THEIL_SEN_MARGIN 4
#endif
enum { SLOPES_KEPT = SIF_THEIL_SEN_KEPT /* slopes kept at once: 256 KB */, SLOPE_BLOCK = 256 };

/* A row as the quick pass turns one order into another: y - b x at both ends of the bracket. */
typedef struct {
    double at_low, at_high;
    int64_t row;
} turned_row;

typedef struct {
    int64_t n;
    const double *x, *y;    /* by day; on one day by value */
    double most_x, most_y;  /* the largest absolute values */
    const int64_t *later;   /* the first row of a later day, by row */
    int64_t pairs;          /* of different days */
    double low, high;       /* the bracket, both ends inside */
    int64_t below, inside;  /* slopes under it and in it */
    int quick, rounded;     /* how often quick passes may still fail; whether the last pass was one */
    uint64_t state;         /* of the random numbers */
    double *kept;           /* KEPT */
    int64_t n_kept, stride; /* every stride-th slope inside is kept */
    turned_row *turned;     /* n */
    double *scratch;        /* 2 n */
    const sif_interrupt_check *interrupt;
    int64_t *work; /* done since the interrupt check was asked, in rows, over all groups */
} slope_search;

/* Halves the sample. */
static void thin_sample(slope_search *of) {
    of->n_kept /= 2;
    of->stride *= 2;
    for (int64_t k = 0; k < of->n_kept; k++)
        of->kept[k] = of->kept[2 * k];
}

static void begin_pass(slope_search *of) {
    of->n_kept = 0;
    of->stride = 1;
}

/* Keeps a slope, the number-th inside. */
static inline void keep_slope(slope_search *of, int64_t number, double slope) {
    if (number & (of->stride - 1))
        return;
    if (of->n_kept == SLOPES_KEPT) /* an even number: the one to keep now is kept when half as many are, too */
        thin_sample(of);
    of->kept[of->n_kept++] = slope;
}

static void end_pass(slope_search *of, double low, double high, int64_t below, int64_t inside, int rounded) {
    of->low = low;
    of->high = high;
    of->below = below;
    of->inside = inside;
    of->rounded = rounded;
}

/* The plain pass over all pairs. Returns non-zero where the interrupt check says stop. */
static int plain_pass(slope_search *of, double low, double high) {
    double slopes[SLOPE_BLOCK];
    int64_t below = 0, inside = 0;
    begin_pass(of);
    for (int64_t i = 0; i < of->n; i++) {
        const double x = of->x[i], y = of->y[i];
        for (int64_t first = of->later[i]; first < of->n; first += SLOPE_BLOCK) {
            const int64_t count = of->n - first < SLOPE_BLOCK ? of->n - first : SLOPE_BLOCK;
            int64_t block_below = 0, block_inside = 0;
            for (int64_t k = 0; k < count; k++) {
                slopes[k] = (of->y[first + k] - y) / (of->x[first + k] - x);
                block_below += slopes[k] < low;
                block_inside += (slopes[k] >= low) & (slopes[k] <= high);
            }
            below += block_below;
            for (int64_t k = 0; block_inside > 0 && k < count; k++) /* one way: the last inside ends it first */
                if (slopes[k] >= low && slopes[k] <= high) {
                    block_inside--;
                    keep_slope(of, inside++, slopes[k]);
                }
        }
        if (sif_is_interrupted_after(of->interrupt, of->work, of->n - of->later[i]))
            return 1;
    }
    end_pass(of, low, high, below, inside, 0);
    return 0;
}

/* How far from b a slope may lie that rounding puts on the wrong side. Days differ by at least 1, and each of two numbers y - b x is
 * off by at most 2 units of rounding. Infinite where such a number may be infinite, even if the processor computes with wider ones. */
static double rounding_reach(const slope_search *of, double b) {
    const double most = of->most_y + fabs(b) * of->most_x;
    return most <= DBL_MAX ? 8 * DBL_EPSILON * most : INFINITY;
}

static int compare_turned(const void *a, const void *b) {
    const turned_row *const one = a, *const other = b;
    if (one->at_low != other->at_low)
        return one->at_low < other->at_low ? -1 : 1;
    return (one->row > other->row) - (one->row < other->row);
}

/* The quick pass; low and high are finite and apart by more than their reach. */
static int quick_pass(slope_search *of, double low, double high) {
    int64_t inside = 0;
    begin_pass(of);
    for (int64_t i = 0; i < of->n; i++) {
        of->scratch[i] = of->y[i] - low * of->x[i];
        of->turned[i] = (turned_row){of->scratch[i], of->y[i] - high * of->x[i], i};
    }
    const int64_t below = sif_sort_values(of->scratch, of->scratch + of->n, of->n, of->interrupt, of->work);
    if (below < 0)
        return 1;
    qsort(of->turned, (size_t)of->n, sizeof *of->turned, compare_turned);
    for (int64_t k = 1; k < of->n; k++) {
        const turned_row row = of->turned[k];
        const double x = of->x[row.row], y = of->y[row.row];
        int64_t to = k;
        for (; to > 0 && of->turned[to - 1].at_high > row.at_high; to--) {
            const int64_t other = of->turned[to - 1].row;
            of->turned[to] = of->turned[to - 1];
            keep_slope(of, inside++, (of->y[other] - y) / (of->x[other] - x)); /* the same whichever of the two comes first */
        }
        of->turned[to] = row;
        if (sif_is_interrupted_after(of->interrupt, of->work, k - to + 1))
            return 1;
    }
    end_pass(of, low, high, below, inside, 1);
    return 0;
}

/* A sample of slopes of pairs drawn at random, from a fixed seed: it decides how soon the answer is found, not what it is. */
static void draw_slopes(slope_search *of) {
    uint64_t state = of->state;
    of->n_kept = 0;
    while (of->n_kept < SLOPES_KEPT / 2) {
        state = state * 6364136223846793005 + 1442695040888963407;
        const int64_t i = (int64_t)((state >> 33) % (uint64_t)of->n);
        state = state * 6364136223846793005 + 1442695040888963407;
        const int64_t j = (int64_t)((state >> 33) % (uint64_t)of->n);
        if (of->x[i] != of->x[j])
            of->kept[of->n_kept++] = (of->y[j] - of->y[i]) / (of->x[j] - of->x[i]);
    }
    of->state = state;
}

/* The k-th smallest of n values, 0 <= k < n; the values are put in another order (Hoare's selection). */
static double select_value(double *values, int64_t n, int64_t k) {
    int64_t low = 0, high = n - 1;
    while (low < high) {
        const double pivot = values[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (values[i] < pivot)
                i++;
            while (pivot < values[j])
                j--;
            if (i <= j) {
                const double value = values[i];
                values[i++] = values[j];
                values[j--] = value;
            }
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return values[k];
}

/* Begins a search: all slopes where they are few, else a sample of them. Returns non-zero where the interrupt check says stop. */
static int start_search(slope_search *of) {
    /* many pairs are looked at, too, where two rows drawn at random would seldom be of different days */
    if (of->pairs <= SLOPES_KEPT || (double)of->pairs < (double)of->n * (double)of->n / 16)
        return plain_pass(of, -INFINITY, INFINITY);
    draw_slopes(of);
    if (sif_is_interrupted_after(of->interrupt, of->work, SLOPES_KEPT))
        return 1;
    of->stride = 2; /* not all are kept */
    end_pass(of, -INFINITY, INFINITY, 0, of->pairs, 0);
    return 0;
}

/* Narrows the bracket around a rank, by the sample, and passes. Returns non-zero where the interrupt check says stop. */
static int narrow_search(slope_search *of, int64_t rank) {
    const double low = of->low, high = of->high;
    const int64_t below = of->below, inside = of->inside, n = of->n_kept;
    /* A standard error of a rank among n is sqrt(n) / 2 at most. */
    const double share = ((double)(rank - below) + 0.5) / (double)inside, margin = SIF_THEIL_SEN_MARGIN / 2.0 * sqrt((double)n) + 1;
    const int64_t from = (int64_t)(share * (double)n - margin), to = (int64_t)(share * (double)n + margin);
    double next_low = from > 0 ? select_value(of->kept, n, from) : low;
    double next_high = to < n ? select_value(of->kept, n, to) : high;
    if (next_low == low && next_high == high) {
        /* There are few different slopes, each of many pairs: one of them alone is either the answer or shut out. */
        const int64_t at = (int64_t)(share * (double)n);
        next_low = next_high = select_value(of->kept, n, at < n ? at : n - 1); /* one way: of 2^52 pairs a share is rounded to 1 */
    }
    /* The numbers y - b x of the quick pass must be finite at both its ends; their reach then is, too. */
    const double end_low = next_low - 4 * rounding_reach(of, next_low), end_high = next_high + 4 * rounding_reach(of, next_high);
    if (of->quick && isfinite(rounding_reach(of, end_low)) && isfinite(rounding_reach(of, end_high))) {
        if (quick_pass(of, end_low, end_high))
            return 1;
        if (of->inside <= inside / 2 && rank >= of->below && rank < of->below + of->inside)
            return 0;
        of->quick = of->inside <= inside / 2 ? of->quick - 1 : 0; /* missed: another sample; nothing gained: the plain way */
        return start_search(of);
    }
    if (plain_pass(of, next_low, next_high))
        return 1;
    if (rank < of->below)
        return plain_pass(of, low, nextafter(next_low, -INFINITY));
    if (rank >= of->below + of->inside)
        return plain_pass(of, nextafter(next_high, INFINITY), high);
    return 0;
}

/* The slope of a rank, 0 <= rank < pairs. What the last search kept is used again where the rank lies in it. */
static int find_slope(slope_search *of, int64_t rank, double *slope) {
    if ((rank < of->below || rank >= of->below + of->inside) && start_search(of))
        return 1;
    while (of->stride > 1 && of->low < of->high)
        if (narrow_search(of, rank))
            return 1;
    *slope = of->low < of->high ? select_value(of->kept, of->inside, rank - of->below) : of->low;
    if (!of->rounded || (*slope - of->low > 2 * rounding_reach(of, of->low) && of->high - *slope > 2 * rounding_reach(of, of->high)))
        return 0;
    /* The sample has missed the rank by so little that rounding may have decided: once more, by the plain pass. */
    of->quick = 0;
    of->inside = 0;
    return find_slope(of, rank, slope);
}

sif_status sif_theil_sen(const sif_dated *rows, const double *values, int64_t n_ranks, const int64_t *ranks, double *slopes,
                         const sif_interrupt_check *interrupt) {
    sif_status status = sif_ok();
    double *memory = NULL;
    int64_t *later = NULL;
    turned_row *rows_turned = NULL;
    if (rows->n > SIF_MOST_ROWS) {
        status = sif_fail(SIF_TOO_LARGE, -1, rows->n);
        goto done;
    }
    const sif_piece piece = sif_piece_of(rows);
    const int64_t most = piece.stop - piece.first; /* rows of a group */
    memory = sif_room_for((uint64_t)most * 4 + SLOPES_KEPT, sizeof *memory);
    later = sif_room_for((uint64_t)most + 1, sizeof *later);
    rows_turned = sif_room_for((uint64_t)most + 1, sizeof *rows_turned);
    if (memory == NULL || later == NULL || rows_turned == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    for (int64_t c = 0; c < rows->group.size * n_ranks; c++)
        slopes[c] = NAN;
    double *const x = memory, *const y = memory + most, *const scratch = y + most, *const kept = scratch + 2 * most;
    for (int64_t start = piece.first, stop, group, work = 0; start < piece.stop; start = stop) {
        status = sif_next_group(rows, start, piece.stop, &group, &stop, interrupt, &work);
        if (status.code != SIF_OK)
            goto done;
        const int64_t n = stop - start;
        slope_search of = {.n = n,
                           .x = x,
                           .y = y,
                           .later = later,
                           .kept = kept,
                           .turned = rows_turned,
                           .scratch = scratch,
                           .quick = 3,
                           .state = 0x9E3779B97F4A7C15,
                           .interrupt = interrupt,
                           .work = &work};
        const double middle = (double)sif_once(rows->day, sif_row_at(rows, start + n / 2));
        for (int64_t k = 0; k < n; k++) {
            const int64_t i = sif_row_at(rows, start + k);
            x[k] = (double)sif_once(rows->day, i) - middle;
            y[k] = sif_once_double(values, i);
            if (!isfinite(y[k]) || (k > 0 && x[k] < x[k - 1])) {                         /* one way: an array must change meanwhile */
                status = isfinite(y[k]) ? sif_changed() : sif_fail(SIF_BAD_VALUE, i, 0); /* not reached: an array must change meanwhile */
                goto done;                                                               /* not reached: an array must change meanwhile */
            }
            of.most_x = fmax(of.most_x, fabs(x[k]));
            of.most_y = fmax(of.most_y, fabs(y[k]));
        }
        for (int64_t k = n - 1; k >= 0; k--) {
            later[k] = k + 1 < n && x[k + 1] == x[k] ? later[k + 1] : k + 1;
            of.pairs += n - later[k];
        }
        for (int64_t k = 0; k < n; k = later[k])
            if (sif_sort_values(y + k, scratch, later[k] - k, interrupt, &work) < 0) {
                status = sif_fail(SIF_INTERRUPTED, -1, 0);
                goto done;
            }
        for (int64_t r = 0; r < n_ranks; r++) {
            const int64_t rank = sif_once(ranks, group * n_ranks + r);
            if (rank >= 0 && rank < of.pairs && find_slope(&of, rank, &slopes[group * n_ranks + r])) {
                status = sif_fail(SIF_INTERRUPTED, -1, 0);
                goto done;
            }
        }
    }
done:
    free(memory);
    free(later);
    free(rows_turned);
    return sif_finish(status, NULL, 0, slopes, rows->group.size * n_ranks);
}
