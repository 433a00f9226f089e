/* Kendall's S of values against days, group by group, with what its variance needs of the ties; and its exact distribution.
 *
 * Grades: a row is held against the counts, by grade, of the days before: n x grades steps. Numbers: the discordant pairs are
 * the inversions of the values in order of day, counted while they are merged (Knight 1966): n log n. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "code_loops.h"
#include "dated.h"
#include "histories.h"
#include "sorting.h"

enum {
    MOST_PAIRS = 190, /* among 20 rows: the degree of the largest distribution */
    MOST_GRADES = 4096,
    MOST_LANES = 5, /* grades whose balances fit a word for groups of a block of rows and more */
    WIDEST_LANE = 21 /* bits: the triples of so many rows, less than 2^60, fit 64 bits */
};

/* A number of ordered triples of rows, up to 2^93: high x 2^32 + low. What is added is a number below 2^62 for each of the group's rows,
 * of which there are at most 2^31: their lower halves add up to less than 2^63, and so do the upper ones. */
typedef struct {
    uint64_t low, high;
} triples;

/* The ordered pairs and triples of rows that are equal: of t equal ones t (t - 1) and t (t - 1) (t - 2). */
typedef struct {
    int64_t pairs;
    triples all_three;
} ties;

/* What one group brings. */
typedef struct {
    int64_t n, s;
    ties values, days;
} kendall_sums;

static inline int64_t ordered_pairs(int64_t n) {
    return n * (n - 1);
}

static inline void add_triples(triples *of, int64_t times, int64_t number) {
    of->low += (uint64_t)times * ((uint64_t)number & UINT32_MAX);
    of->high += (uint64_t)times * ((uint64_t)number >> 32);
}

/* All above 32 bits carried to the upper half. */
static inline triples carried(triples of) {
    return (triples){of.low & UINT32_MAX, of.high + (of.low >> 32)};
}

static inline triples three_times(triples of) {
    const triples one = carried(of);
    return (triples){3 * one.low, 3 * one.high};
}

/* The triples of n rows less those that are tied, rounded once up to 2^85. */
static inline double untied_triples(int64_t n, triples tied) {
    triples all = {0};
    add_triples(&all, n, (n - 1) * (n - 2));
    const triples most = carried(all), least = carried(tied);
    const uint64_t low = (most.low - least.low) & UINT32_MAX, high = most.high - least.high - (most.low < least.low);
    return (double)(int64_t)high * 0x1p32 + (double)(int64_t)low;
}

static void add_ties(ties *of, int64_t t) {
    of->pairs += ordered_pairs(t);
    add_triples(&of->all_three, t, (t - 1) * (t - 2));
}

/* Writes how the values of a group fall into runs of equals, longest first: see sif_kendall in the header. */
static int64_t tie_pattern_of(int64_t *lengths, int n) {
    int64_t tie_pattern = 0;
    if (n <= MOST_LANES)
        for (int stop = n; stop > 1; stop--)
            for (int i = 1; i < stop; i++) {
                /* Without a branch: the lengths of few grades come in any order. */
                const int64_t one = lengths[i - 1], other = lengths[i];
                lengths[i - 1] = one > other ? one : other;
                lengths[i] = one > other ? other : one;
            }
    else
        for (int k = 1; k < n; k++)
            for (int i = k; i > 0 && lengths[i] > lengths[i - 1]; i--) {
                const int64_t longer = lengths[i];
                lengths[i] = lengths[i - 1];
                lengths[i - 1] = longer;
            }
    int64_t end = 0;
    for (int k = 0; k < n; k++) {
        end += lengths[k];
        tie_pattern |= (int64_t)1 << (end - 1);
    }
    return tie_pattern;
}

static int has_exact(const kendall_sums *of) {
    return of->n > 0 && of->n <= SIF_MOST_EXACT && of->days.pairs == 0;
}

static void add_group(const kendall_sums *of, int64_t tie_pattern, int64_t *counts, double *cubes) {
    counts[SIF_KENDALL_N] += of->n;
    counts[SIF_KENDALL_S] += of->s;
    counts[SIF_KENDALL_VALUE_TIES] += of->values.pairs;
    counts[SIF_KENDALL_DAY_TIES] += of->days.pairs;
    counts[SIF_KENDALL_TIE_PATTERN] += tie_pattern;
    cubes[0] += untied_triples(of->n, of->values.all_three);
    cubes[1] += untied_triples(of->n, of->days.all_three);
}

static sif_status finish_kendall(sif_status status, const sif_dated *rows, int64_t *counts, double *cubes) {
    return sif_finish(status, counts, rows->group.size * SIF_KENDALL_COUNTS, cubes, rows->group.size * 2);
}

/* ---- grades
 *
 * A row is compared with the rows of days before: with a worse grade they add to S, with a better one they take away. So for each grade the
 * balance of the rows before is kept, as it was before today, and as it is with today's rows. While a group is small the balances of all
 * grades are lanes of one word, and a row of a grade adds one constant to all of them at once; a lane is counted from half its range, so
 * that none borrows from the next. A group that outgrows its lanes goes on with numbers of 64 bits. */

/* What a row of a grade does in words of lanes; grade -1, missing, does nothing. */
typedef struct {
    uint64_t mask, step, unit; /* mask: its lane, moved down; step: to the balances; unit: to the counts */
    int64_t zero, is_graded;   /* where its lane counts from */
    int shift;
} grade_lane;

typedef struct {
    int64_t n_grades;
    int64_t most;  /* rows that lanes can hold */
    uint64_t zero; /* every lane at half its range */
    int width;
    grade_lane of[MOST_LANES + 1]; /* by grade + 1 */
} grade_lanes;

static grade_lanes make_lanes(int64_t n_grades) {
    grade_lanes made = {.n_grades = n_grades};
    if (n_grades < 1 || n_grades > MOST_LANES)
        return made;
    made.width = n_grades <= 3 ? WIDEST_LANE : 64 / (int)n_grades;
    made.most = ((int64_t)1 << (made.width - 1)) - 1;
    for (int g = 0; g < (int)n_grades; g++) {
        made.zero |= (uint64_t)1 << (made.width * g + made.width - 1);
        grade_lane *const of = &made.of[g + 1];
        *of = (grade_lane){
            .mask = ((uint64_t)1 << made.width) - 1, .unit = (uint64_t)1 << made.width * g, .zero = made.most + 1, .is_graded = 1};
        of->shift = made.width * g;
        for (int other = 0; other < (int)n_grades; other++)
            of->step += (uint64_t)((other > g) - (other < g)) << made.width * other; /* modulo 2^64, as the lanes are added */
    }
    return made;
}

/* A group as far as its rows have been met. */
typedef struct {
    int64_t n, s;                   /* graded rows, and S */
    ties days;                      /* with a third of the triples */
    int64_t met;                    /* rows, graded or not */
    int64_t key, today;             /* the last row's key, and the graded rows of its day */
    uint64_t before, after, counts; /* lanes: the balances without and with today, and the rows by grade */
    int is_wide;                    /* the three stand in `wide` instead, n_grades numbers each */
    int64_t *wide;
} running_group;

static void begin_group(running_group *group, const grade_lanes *by) {
    int64_t *const wide = group->wide;
    *group = (running_group){.key = -1, .before = by->zero, .after = by->zero, .is_wide = by->most == 0, .wide = wide};
    if (group->is_wide)
        memset(wide, 0, (size_t)(3 * by->n_grades) * sizeof *wide);
}

/* Moves a group from lanes to wide numbers. */
static void widen_group(running_group *group, const grade_lanes *by) {
    for (int64_t g = 0; g < by->n_grades; g++) {
        const grade_lane of = by->of[g + 1];
        group->wide[g] = (int64_t)(group->before >> of.shift & of.mask) - of.zero;
        group->wide[by->n_grades + g] = (int64_t)(group->after >> of.shift & of.mask) - of.zero;
        group->wide[2 * by->n_grades + g] = (int64_t)(group->counts >> of.shift & of.mask);
    }
    group->is_wide = 1;
}

/* Adds the rows from `start` on that are of the group; key[i + 1] belongs to row i. Returns one past the last. A day's t rows make
 * t (t - 1) ties: the k-th of them brings 2 (k - 1). They make t (t - 1) (t - 2) ordered triples: the k-th brings 3 (k - 1) (k - 2). */
static size_t add_to_lanes(running_group *group, const grade_lanes *by, const int64_t *key, const int32_t *grade, size_t start,
                           size_t count) {
    running_group now = *group;
    const int64_t of_group = key[start + 1] >> 32;
    int64_t pairs = 0, thirds = 0;
    size_t i = start;
    do {
        const grade_lane of = by->of[grade[i] + 1];
        const int is_same_day = key[i + 1] == now.key;
        now.key = key[i + 1];
        now.before = is_same_day ? now.before : now.after;
        now.today = is_same_day ? now.today : 0;
        now.s += (int64_t)(now.before >> of.shift & of.mask) - of.zero;
        pairs += now.today & -of.is_graded;
        thirds += now.today * (now.today - 1) & -of.is_graded;
        now.n += of.is_graded;
        now.today += of.is_graded;
        now.after += of.step;
        now.counts += of.unit;
        i++;
    } while (i < count && key[i + 1] >> 32 == of_group);
    now.days.pairs += 2 * pairs;
    add_triples(&now.days.all_three, 1, thirds);
    now.met += (int64_t)(i - start);
    *group = now;
    return i;
}

/* The same with numbers of 64 bits. */
static size_t add_to_wide(running_group *group, int64_t n_grades, const int64_t *key, const int32_t *grade, size_t start, size_t count) {
    int64_t *const before = group->wide, *const after = before + n_grades, *const counts = after + n_grades;
    const int64_t of_group = key[start + 1] >> 32;
    size_t i = start;
    for (; i < count && key[i + 1] >> 32 == of_group; i++) {
        if (key[i + 1] != group->key) {
            memcpy(before, after, (size_t)n_grades * sizeof *before);
            group->today = 0;
        }
        group->key = key[i + 1];
        if (grade[i] < 0)
            continue;
        group->s += before[grade[i]];
        group->days.pairs += 2 * group->today;
        add_triples(&group->days.all_three, 1, group->today * (group->today - 1));
        group->n++;
        group->today++;
        counts[grade[i]]++;
        for (int64_t g = 0; g < n_grades; g++)
            after[g] += (g > grade[i]) - (g < grade[i]);
    }
    return i;
}

static void end_group(running_group *group, const grade_lanes *by, int64_t *counts, double *cubes) {
    kendall_sums of = {.n = group->n, .s = group->s, .days = {group->days.pairs, three_times(group->days.all_three)}};
    int64_t *const lengths = group->wide + 2 * by->n_grades, tie_pattern = 0;
    for (int64_t g = 0; !group->is_wide && g < by->n_grades; g++)
        lengths[g] = (int64_t)(group->counts >> by->of[g + 1].shift & by->of[g + 1].mask);
    for (int64_t g = 0; g < by->n_grades; g++)
        add_ties(&of.values, lengths[g]);
    if (has_exact(&of)) {
        int n = 0;
        for (int64_t g = 0; g < by->n_grades; g++)
            if (lengths[g] > 0)
                lengths[n++] = lengths[g]; /* n <= of.n <= SIF_MOST_EXACT */
        tie_pattern = tie_pattern_of(lengths, n);
    }
    add_group(&of, tie_pattern, counts, cubes);
}

sif_status sif_kendall_grades(const sif_dated *rows, const sif_codes *grades, int64_t *counts, double *cubes,
                              const sif_interrupt_check *interrupt) {
    sif_status status;
    const int64_t n_grades = grades->size;
    /* Dated rows are records: the group for provider, the day for inspected. */
    const sif_records records = {.n = rows->n, .provider = rows->group, .inspected = rows->day};
    const sif_column column = {grades, SIF_BAD_GRADE};
    const grade_lanes by = make_lanes(n_grades);
    int32_t grade[HISTORY_BLOCK];
    sif_history block;
    running_group group = {.key = -1};
    if (rows->n > SIF_MOST_ROWS || n_grades > MOST_GRADES) {
        status = sif_fail(SIF_TOO_LARGE, -1, n_grades > MOST_GRADES ? n_grades : rows->n);
        goto done;
    }
    group.wide = malloc(((size_t)n_grades * 3 + 1) * sizeof *group.wide);
    if (group.wide == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    status = sif_start_history(&block, &records, rows->order, rows->piece);
    for (int64_t work = 0; status.code == SIF_OK && sif_has_more_history(&block);) {
        const int may_fail = sif_read_history(&block);
        sif_read_codes(&block, grades, grade);
        block.is_faulty |= sif_code_loops_now()->are_outside(grade, block.count, (uint32_t)n_grades);
        if (may_fail || block.is_faulty)
            status = sif_first_fault(&block, &column, 1);
        if (status.code != SIF_OK)
            goto done;
        for (size_t i = 0; i < block.count;) {
            const int64_t of_group = block.key[i + 1] >> 32;
            if (group.key < 0 || group.key >> 32 != of_group) {
                if (group.key >= 0)
                    end_group(&group, &by, counts + (group.key >> 32) * SIF_KENDALL_COUNTS, cubes + (group.key >> 32) * 2);
                begin_group(&group, &by);
            }
            if (!group.is_wide && group.met > by.most - HISTORY_BLOCK)
                widen_group(&group, &by);
            i = group.is_wide ? add_to_wide(&group, n_grades, block.key, grade, i, block.count)
                              : add_to_lanes(&group, &by, block.key, grade, i, block.count);
        }
        if (sif_is_interrupted_after(interrupt, &work, (int64_t)block.count))
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    if (status.code == SIF_OK && group.key >= 0)
        end_group(&group, &by, counts + (group.key >> 32) * SIF_KENDALL_COUNTS, cubes + (group.key >> 32) * 2);
done:
    free(group.wide);
    if (status.code == SIF_BAD_PROVIDER)
        status.code = SIF_BAD_GROUP;
    return finish_kendall(status, rows, counts, cubes);
}

/* ---- numbers */

/* The positions start .. stop - 1 are one group, checked; values and spare hold as many numbers. Gives the tie pattern, or a failure. */
static sif_status add_values(const sif_dated *rows, int64_t start, int64_t stop, const double *numbers, double *values, double *spare,
                             kendall_sums *of, int64_t *tie_pattern, const sif_interrupt_check *interrupt, int64_t *work) {
    const int64_t n = stop - start;
    int64_t tied_in_both = 0; /* ordered pairs, as all counts of ties here */
    for (int64_t k = 0; k < n; k++) {
        const int64_t i = sif_row_at(rows, start + k);
        values[k] = sif_once_double(numbers, i);
        if (!isfinite(values[k]))
            return sif_fail(SIF_BAD_VALUE, i, 0);
        if (sif_is_interrupted_after(interrupt, work, 1))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    for (int64_t low = 0, high; low < n; low = high) {
        const int64_t day = rows->day[sif_row_at(rows, start + low)];
        for (high = low + 1; high < n && rows->day[sif_row_at(rows, start + high)] == day; high++)
            ;
        if (sif_is_interrupted_after(interrupt, work, high - low))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        if (high - low == 1)
            continue;
        add_ties(&of->days, high - low);
        if (sif_sort_values(values + low, spare, high - low, interrupt, work) < 0)
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        for (int64_t first = low, last; first < high; first = last) {
            for (last = first + 1; last < high && values[last] == values[first]; last++)
                ;
            tied_in_both += ordered_pairs(last - first);
        }
    }
    const int64_t inversions = sif_sort_values(values, spare, n, interrupt, work);
    if (inversions < 0)
        return sif_fail(SIF_INTERRUPTED, -1, 0);
    of->n = n;
    int64_t lengths[SIF_MOST_EXACT];
    int n_runs = 0;
    for (int64_t first = 0, last; first < n; first = last) {
        for (last = first + 1; last < n && values[last] == values[first]; last++)
            ;
        if (last - first > 1)
            add_ties(&of->values, last - first);
        if (n <= SIF_MOST_EXACT)
            lengths[n_runs++] = last - first; /* n_runs <= n <= SIF_MOST_EXACT */
    }
    *tie_pattern = has_exact(of) ? tie_pattern_of(lengths, n_runs) : 0;
    of->s = (ordered_pairs(n) - of->values.pairs - of->days.pairs + tied_in_both) / 2 - 2 * inversions;
    return sif_ok();
}

sif_status sif_kendall_values(const sif_dated *rows, const double *values, int64_t *counts, double *cubes,
                              const sif_interrupt_check *interrupt) {
    sif_status status = sif_ok();
    double *memory = NULL;
    if (rows->n > SIF_MOST_ROWS) {
        status = sif_fail(SIF_TOO_LARGE, -1, rows->n);
        goto done;
    }
    const sif_piece piece = sif_piece_of(rows);
    const int64_t most = piece.stop - piece.first; /* rows of a group */
    memory = malloc(((size_t)most * 2 + 1) * sizeof *memory);
    if (memory == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    for (int64_t start = piece.first, stop, group, work = 0; start < piece.stop; start = stop) {
        status = sif_next_group(rows, start, piece.stop, &group, &stop, interrupt, &work);
        if (status.code != SIF_OK)
            goto done;
        kendall_sums of = {0};
        int64_t tie_pattern = 0;
        status = add_values(rows, start, stop, values, memory, memory + most, &of, &tie_pattern, interrupt, &work);
        if (status.code != SIF_OK)
            goto done;
        add_group(&of, tie_pattern, counts + group * SIF_KENDALL_COUNTS, cubes + group * 2);
    }
done:
    free(memory);
    return finish_kendall(status, rows, counts, cubes);
}

/* ---- the exact distribution */

/* arrangements[k]: how many orders of the values have at most k discordant pairs. Returns the number of pairs of unequal values.
 *
 * The orders with k discordant pairs are the coefficient of q^k in the q-multinomial [n]! / ([t1]! [t2]! ...), where [m]! is the product
 * of 1 - q^j for j = 1 .. m. Series are cut off at the middle term. Coefficients on the way may leave 64 bits; as unsigned numbers
 * they do so modulo 2^64, and the final ones, at most 20! < 2^64 together, are right again. */
static int64_t count_arrangements(int64_t tie_pattern, uint64_t *arrangements) {
    int64_t n = 0, pairs = 0, length = 0;
    for (int64_t bit = 0; bit < SIF_MOST_EXACT && tie_pattern >> bit != 0; bit++)
        n = bit + 1;
    for (int64_t bit = 0; bit < n; bit++) {
        length++;
        if (tie_pattern >> bit & 1) {
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
        if (tie_pattern >> bit & 1)
            length = 0;
    }
    for (int64_t k = middle + 1; k <= pairs; k++)
        arrangements[k] = arrangements[pairs - k];
    for (int64_t k = 1; k <= pairs; k++)
        arrangements[k] += arrangements[k - 1];
    return pairs;
}

sif_status sif_kendall_exact(int64_t n, const int64_t *tie_pattern, const int64_t *s, double *above, double *at,
                             const sif_interrupt_check *interrupt) {
    sif_status status = sif_ok();
    uint64_t arrangements[MOST_PAIRS + 1];
    int64_t pairs = 0, work = 0, known = 0; /* known: the tie pattern whose arrangements are there */
    for (int64_t i = 0; i < n; i++) {
        const int64_t pattern = sif_once(tie_pattern, i), score = sif_once(s, i);
        if (pattern <= 0 || pattern >= (int64_t)1 << SIF_MOST_EXACT) {
            status = sif_fail(SIF_BAD_VALUE, i, pattern);
            goto done;
        }
        const int is_new = pattern != known;
        if (is_new)
            pairs = count_arrangements(pattern, arrangements);
        known = pattern;
        if (sif_is_interrupted_after(interrupt, &work, is_new ? MOST_PAIRS : 1)) {
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
            goto done;
        }
        /* S = pairs - 2 discordant: as large as s with `most` discordant pairs, larger with fewer. */
        const int is_possible = score >= -pairs && score <= pairs && (pairs - score) % 2 == 0;
        if (!is_possible) {
            status = sif_fail(SIF_BAD_VALUE, i, score);
            goto done;
        }
        const int64_t most = (pairs - score) / 2; /* 0 .. pairs */
        const uint64_t larger = most > 0 ? arrangements[most - 1] : 0;
        above[i] = (double)larger / (double)arrangements[pairs];
        at[i] = (double)(arrangements[most] - larger) / (double)arrangements[pairs];
    }
done:
    (void)sif_finish(status, NULL, 0, above, n);
    return sif_finish(status, NULL, 0, at, n);
}
