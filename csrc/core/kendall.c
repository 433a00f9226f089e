/* Kendall's S of values against days, group by group, with what its variance needs of the ties; and its exact distribution.
 *
 * Grades: a row is held against the counts, by grade, of the days before: n x grades steps. Numbers: the discordant pairs are
 * the inversions of the values in order of day, counted while they are merged (Knight 1966): n log n. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dated.h"
#include "sorting.h"

enum {
    MOST_PAIRS = 190, /* among 20 rows: the degree of the largest distribution */
    MOST_GRADES = 4096 /* their square is the size of a table */
};

#if defined(__GNUC__)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#elif defined(_MSC_VER)
#define ALWAYS_INLINE static __forceinline
#else
#define ALWAYS_INLINE static inline
#endif

/* What one group has brought so far. */
typedef struct {
    int64_t n, s, value_ties, day_ties;
    double value_cubes, day_cubes;
} sums;

static inline int64_t ordered_pairs(int64_t n) { return n * (n - 1); }

static inline double ordered_triples(int64_t n) { return (double)n * (double)(n - 1) * (double)(n - 2); }

static void tie_days(sums *of, int64_t n) {
    if (n < 2)
        return;
    of->day_ties += ordered_pairs(n);
    of->day_cubes += ordered_triples(n);
}

static void tie_values(sums *of, int64_t n) {
    of->value_ties += ordered_pairs(n);
    of->value_cubes += ordered_triples(n);
}

/* Writes how the values of a group fall into runs of equals, longest first: see sif_kendall in the header. */
static int64_t runs_of(int64_t *lengths, int n) {
    int64_t runs = 0;
    for (int k = 1; k < n; k++)
        for (int i = k; i > 0 && lengths[i] > lengths[i - 1]; i--) {
            const int64_t longer = lengths[i];
            lengths[i] = lengths[i - 1];
            lengths[i - 1] = longer;
        }
    int64_t end = 0;
    for (int k = 0; k < n; k++) {
        end += lengths[k];
        runs |= (int64_t)1 << (end - 1);
    }
    return runs;
}

static int has_exact(const sums *of) { return of->n > 0 && of->n <= SIF_MOST_EXACT && of->day_ties == 0; }

static void add_group(const sums *of, int64_t runs, int64_t *counts, double *cubes) {
    counts[SIF_KENDALL_N] += of->n;
    counts[SIF_KENDALL_S] += of->s;
    counts[SIF_KENDALL_VALUE_TIES] += of->value_ties;
    counts[SIF_KENDALL_DAY_TIES] += of->day_ties;
    counts[SIF_KENDALL_RUNS] += runs;
    cubes[0] += of->value_cubes;
    cubes[1] += of->day_cubes;
}

static void make_void(const sif_dated *rows, int64_t *counts, double *cubes) {
    for (int64_t c = 0; c < rows->group.size * SIF_KENDALL_COUNTS; c++)
        counts[c] = SIF_VOID;
    for (int64_t c = 0; c < rows->group.size * 2; c++)
        cubes[c] = NAN;
}

/* ---- grades */

/* The positions start .. stop - 1 are one group, checked. counts and balance hold n_grades numbers each, overwritten: the rows of each grade,
 * and for each grade the rows of days before with a worse one, less those with a better one. steps, n_grades x n_grades: what a row of one
 * grade adds to the balance of each. Inlined for the usual number of grades, so that the inner loop is unrolled. */
ALWAYS_INLINE sif_status add_grades(const sif_dated *rows, int64_t start, int64_t stop, const sif_codes *grades, int64_t n_grades,
                                    const int64_t *steps, int64_t *counts, int64_t *balance, sums *of) {
    memset(counts, 0, (size_t)n_grades * sizeof *counts);
    memset(balance, 0, (size_t)n_grades * sizeof *balance);
    int64_t day = SIF_NO_DAY, first_today = start, n_today = 0;
    for (int64_t j = start; j <= stop; j++) {
        if (j == stop || rows->day[sif_row_at(rows, j)] != day) {
            for (int64_t k = first_today; k < j; k++) {
                const int64_t grade = sif_code_at(grades, sif_row_at(rows, k));
                for (int64_t g = 0; grade >= 0 && g < n_grades; g++)
                    balance[g] += steps[grade * n_grades + g];
            }
            tie_days(of, n_today);
            if (j == stop)
                break;
            n_today = 0;
            first_today = j;
            day = rows->day[sif_row_at(rows, j)];
        }
        const int64_t i = sif_row_at(rows, j), grade = sif_code_at(grades, i);
        if (!sif_code_fits(grade, n_grades))
            return sif_fail(SIF_BAD_GRADE, i, grade);
        if (grade < 0)
            continue;
        of->s += balance[grade];
        of->n++;
        counts[grade]++;
        n_today++;
    }
    for (int64_t g = 0; g < n_grades; g++)
        tie_values(of, counts[g]);
    return sif_ok();
}

sif_status sif_kendall_grades(const sif_dated *rows, const sif_codes *grades, int64_t *counts, double *cubes, const sif_watch *watch) {
    sif_status status = sif_ok();
    const int64_t n_grades = grades->size;
    int64_t *tables = NULL;
    if (rows->n > SIF_MOST_ROWS || n_grades > MOST_GRADES) {
        status = sif_fail(SIF_TOO_LARGE, -1, n_grades > MOST_GRADES ? n_grades : rows->n);
        goto done;
    }
    tables = malloc((size_t)(n_grades * (n_grades + 2) + 1) * sizeof *tables);
    if (tables == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    int64_t *const of_grade = tables, *const balance = of_grade + n_grades, *const steps = balance + n_grades;
    for (int64_t grade = 0; grade < n_grades; grade++)
        for (int64_t g = 0; g < n_grades; g++)
            steps[grade * n_grades + g] = (g > grade) - (g < grade);
    for (int64_t start = 0, stop, group, watched = 0; start < rows->n; start = stop) {
        status = sif_next_group(rows, start, &group, &stop);
        if (status.code != SIF_OK)
            goto done;
        sums of = {0};
        status = n_grades == 4 ? add_grades(rows, start, stop, grades, 4, steps, of_grade, balance, &of)
                               : add_grades(rows, start, stop, grades, n_grades, steps, of_grade, balance, &of);
        if (status.code != SIF_OK)
            goto done;
        int64_t runs = 0;
        if (has_exact(&of)) {
            int64_t lengths[SIF_MOST_EXACT];
            int n = 0;
            for (int64_t g = 0; g < n_grades; g++)
                if (of_grade[g] > 0)
                    lengths[n++] = of_grade[g]; /* n <= of.n <= SIF_MOST_EXACT */
            runs = runs_of(lengths, n);
        }
        add_group(&of, runs, counts + group * SIF_KENDALL_COUNTS, cubes + group * 2);
        if (stop - watched >= SIF_WATCH_ROWS) {
            watched = stop;
            if (sif_stop(watch)) {
                status = sif_fail(SIF_INTERRUPTED, -1, 0);
                goto done;
            }
        }
    }
done:
    free(tables);
    if (status.code != SIF_OK)
        make_void(rows, counts, cubes);
    return status;
}

/* ---- numbers */

/* The positions start .. stop - 1 are one group, checked; values and spare hold as many numbers. Returns the runs, or a failure. */
static sif_status add_values(const sif_dated *rows, int64_t start, int64_t stop, const double *numbers, double *values, double *spare,
                             sums *of, int64_t *runs) {
    const int64_t n = stop - start;
    int64_t tied_in_both = 0; /* ordered pairs, as all counts of ties here */
    for (int64_t k = 0; k < n; k++) {
        const int64_t i = sif_row_at(rows, start + k);
        if (!isfinite(numbers[i]))
            return sif_fail(SIF_BAD_VALUE, i, 0);
        values[k] = numbers[i];
    }
    for (int64_t low = 0, high; low < n; low = high) {
        const int64_t day = rows->day[sif_row_at(rows, start + low)];
        for (high = low + 1; high < n && rows->day[sif_row_at(rows, start + high)] == day; high++)
            ;
        if (high - low == 1)
            continue;
        tie_days(of, high - low);
        sif_sort_values(values + low, spare, high - low);
        for (int64_t first = low, last; first < high; first = last) {
            for (last = first + 1; last < high && values[last] == values[first]; last++)
                ;
            tied_in_both += ordered_pairs(last - first);
        }
    }
    const int64_t inversions = sif_sort_values(values, spare, n);
    of->n = n;
    int64_t lengths[SIF_MOST_EXACT];
    int n_runs = 0;
    for (int64_t first = 0, last; first < n; first = last) {
        for (last = first + 1; last < n && values[last] == values[first]; last++)
            ;
        tie_values(of, last - first);
        if (n <= SIF_MOST_EXACT)
            lengths[n_runs++] = last - first; /* n_runs <= n <= SIF_MOST_EXACT */
    }
    *runs = has_exact(of) ? runs_of(lengths, n_runs) : 0;
    of->s = (ordered_pairs(n) - of->value_ties - of->day_ties + tied_in_both) / 2 - 2 * inversions;
    return sif_ok();
}

sif_status sif_kendall_values(const sif_dated *rows, const double *values, int64_t *counts, double *cubes, const sif_watch *watch) {
    sif_status status = sif_ok();
    double *memory = NULL;
    if (rows->n > SIF_MOST_ROWS) {
        status = sif_fail(SIF_TOO_LARGE, -1, rows->n);
        goto done;
    }
    memory = malloc(((size_t)rows->n * 2 + 1) * sizeof *memory);
    if (memory == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    for (int64_t start = 0, stop, group, watched = 0; start < rows->n; start = stop) {
        status = sif_next_group(rows, start, &group, &stop);
        if (status.code != SIF_OK)
            goto done;
        sums of = {0};
        int64_t runs = 0;
        status = add_values(rows, start, stop, values, memory, memory + rows->n, &of, &runs);
        if (status.code != SIF_OK)
            goto done;
        add_group(&of, runs, counts + group * SIF_KENDALL_COUNTS, cubes + group * 2);
        if (stop - watched >= SIF_WATCH_ROWS) {
            watched = stop;
            if (sif_stop(watch)) {
                status = sif_fail(SIF_INTERRUPTED, -1, 0);
                goto done;
            }
        }
    }
done:
    free(memory);
    if (status.code != SIF_OK)
        make_void(rows, counts, cubes);
    return status;
}

/* ---- the exact distribution */

/* arrangements[k]: how many orders of the values have at most k discordant pairs. Returns the number of pairs of unequal values.
 *
 * The orders with k discordant pairs are the coefficient of q^k in the q-multinomial [n]! / ([t1]! [t2]! ...), where [m]! is the product
 * of 1 - q^j for j = 1 .. m. Series are cut off at the middle term. Coefficients on the way may leave 64 bits; as unsigned numbers
 * they do so modulo 2^64, and the final ones, at most 20! < 2^64 together, are right again. */
static int64_t count_arrangements(int64_t runs, uint64_t *arrangements) {
    int64_t n = 0, pairs = 0, length = 0;
    for (int64_t bit = 0; bit < SIF_MOST_EXACT && runs >> bit != 0; bit++)
        n = bit + 1;
    for (int64_t bit = 0; bit < n; bit++) {
        length++;
        if (runs >> bit & 1) {
            pairs += length * (bit + 1 - length); /* with the values of the runs before */
            length = 0;
        }
    }
    const int64_t middle = pairs / 2; /* the upper half mirrors the lower */
    memset(arrangements, 0, (MOST_PAIRS + 1) * sizeof *arrangements);
    arrangements[0] = 1;
    for (int64_t j = 1; j <= n; j++)
        for (int64_t k = middle; k >= j; k--) /* times 1 - q^j */
            arrangements[k] -= arrangements[k - j];
    for (int64_t bit = 0; bit < n; bit++) {
        length++;
        for (int64_t k = length; k <= middle; k++) /* over 1 - q^length */
            arrangements[k] += arrangements[k - length];
        if (runs >> bit & 1)
            length = 0;
    }
    for (int64_t k = middle + 1; k <= pairs; k++)
        arrangements[k] = arrangements[pairs - k];
    for (int64_t k = 1; k <= pairs; k++)
        arrangements[k] += arrangements[k - 1];
    return pairs;
}

sif_status sif_kendall_exact(int64_t n, const int64_t *runs, const int64_t *s, double *above, double *at) {
    sif_status status = sif_ok();
    uint64_t arrangements[MOST_PAIRS + 1];
    int64_t pairs = 0;
    for (int64_t i = 0; i < n; i++) {
        if (runs[i] <= 0 || runs[i] >= (int64_t)1 << SIF_MOST_EXACT) {
            status = sif_fail(SIF_TOO_LARGE, i, runs[i]);
            goto done;
        }
        if (i == 0 || runs[i] != runs[i - 1])
            pairs = count_arrangements(runs[i], arrangements);
        /* S = pairs - 2 discordant: as large as s with `most` discordant pairs, larger with fewer. */
        const int is_possible = s[i] >= -pairs && s[i] <= pairs && (pairs - s[i]) % 2 == 0;
        if (!is_possible) {
            status = sif_fail(SIF_BAD_VALUE, i, s[i]);
            goto done;
        }
        const int64_t most = (pairs - s[i]) / 2; /* 0 .. pairs */
        const uint64_t larger = most > 0 ? arrangements[most - 1] : 0;
        above[i] = (double)larger / (double)arrangements[pairs];
        at[i] = (double)(arrangements[most] - larger) / (double)arrangements[pairs];
    }
done:
    if (status.code != SIF_OK)
        for (int64_t i = 0; i < n; i++)
            above[i] = at[i] = NAN;
    return status;
}
