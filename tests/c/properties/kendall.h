/* What holds of sif_kendall_grades and sif_kendall_values: sums over all pairs and all ties give the same, in
 * pieces as in one, and what is wrong is named. */
#include "trends.h"

/* Adds what the rows at positions start .. stop - 1, a group, bring; of grades those that are not missing. */
static void naive_kendall(const series *s, int of_grades, int64_t start, int64_t stop, int64_t *counts, double *cubes) {
    int64_t n = 0, days_tied = 0, tie_pattern = 0;
    int64_t equal_values = 0, equal_days = 0; /* ordered triples */
    int64_t lengths[SIF_MOST_EXACT + 1] = {0}; /* how many sets of equals there are, by size */
    for (int64_t a = start; a < stop; a++) {
        const int64_t i = position(s, a);
        int64_t same_value = 0, same_day = 0, before = 0;
        if (of_grades && s->grade[i] < 0)
            continue;
        for (int64_t b = start; b < stop; b++) {
            const int64_t j = position(s, b);
            if (of_grades && s->grade[j] < 0)
                continue;
            const double one = of_grades ? (double)s->grade[i] : s->value[i], other = of_grades ? (double)s->grade[j] : s->value[j];
            if (s->day[j] > s->day[i])
                counts[SIF_KENDALL_S] += (other > one) - (other < one);
            same_value += other == one;
            same_day += s->day[j] == s->day[i];
            before += other == one && b < a;
        }
        n++;
        counts[SIF_KENDALL_VALUE_TIES] += same_value - 1;
        counts[SIF_KENDALL_DAY_TIES] += same_day - 1;
        equal_values += (same_value - 1) * (same_value - 2);
        equal_days += (same_day - 1) * (same_day - 2);
        days_tied += same_day - 1;
        if (before == 0 && same_value <= SIF_MOST_EXACT)
            lengths[same_value]++;
    }
    counts[SIF_KENDALL_N] += n;
    cubes[0] += (double)(n * (n - 1) * (n - 2) - equal_values);
    cubes[1] += (double)(n * (n - 1) * (n - 2) - equal_days);
    if (n == 0 || n > SIF_MOST_EXACT || days_tied > 0)
        return;
    int64_t end = 0;
    for (int64_t length = SIF_MOST_EXACT; length > 0; length--)
        for (int64_t k = 0; k < lengths[length]; k++) {
            end += length;
            tie_pattern += (int64_t)1 << (end - 1);
        }
    counts[SIF_KENDALL_TIE_PATTERN] += tie_pattern;
}

static void kendall_agrees_on(series s, int of_grades) {
    const int64_t cells = s.n_groups * SIF_KENDALL_COUNTS;
    int64_t *const counts = guarded(cells), *const expected = guarded(cells);
    double *const cubes = allocate(s.n_groups * 2, sizeof *cubes), *const expected_cubes = allocate(s.n_groups * 2, sizeof *cubes);
    const int64_t before = random_below(3); /* added to */
    for (int64_t c = 0; c < cells; c++)
        counts[c] = expected[c] = before;
    for (int64_t c = 0; c < s.n_groups * 2; c++)
        cubes[c] = expected_cubes[c] = (double)before;
    faults wrong = {0};
    find_bad_rows(&s, of_grades, &wrong);
    if (!of_grades)
        find_bad_values(&s, &wrong);
    for (int64_t j = 0; j < s.n && of_grades; j++) {
        const int64_t i = position(&s, j);
        if (i >= 0 && i < s.n && (s.grade[i] < -1 || s.grade[i] >= s.n_grades))
            add_fault(&wrong, BAD_CODES, j, SIF_BAD_GRADE, i, s.grade[i]);
    }
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const int64_t cut = random_below(s.n + 1);
    const sif_piece pieces[] = {{.stop = cut}, {.first = cut, .stop = s.n}};
    const int n_pieces = random_below(2) == 0 ? 1 : 2;
    sif_status status = {SIF_OK, -1, 0};
    for (int p = 0; p < n_pieces && status.code == SIF_OK; p++) {
        s.rows.piece = n_pieces == 1 ? NULL : &pieces[p];
        status = of_grades ? sif_kendall_grades(&s.rows, &s.grades, counts, cubes, &interrupt)
                           : sif_kendall_values(&s.rows, s.value, counts, cubes, &interrupt);
    }
    const int stopped = was_interrupted(status, &left);
    CHECK(stopped || is_as_expected(status, &wrong));
    if (status.code != SIF_OK)
        CHECK(all_are(counts, cells, SIF_VOID) && all_are_nan(cubes, s.n_groups * 2));
    else {
        for (int64_t start = 0, stop; start < s.n; start = stop) {
            const int64_t group = s.group[position(&s, start)];
            for (stop = start + 1; stop < s.n && s.group[position(&s, stop)] == group; stop++)
                ;
            naive_kendall(&s, of_grades, start, stop, expected + group * SIF_KENDALL_COUNTS, expected_cubes + group * 2);
        }
        CHECK(memcmp(counts, expected, (size_t)cells * sizeof *counts) == 0);
        for (int64_t c = 0; c < s.n_groups * 2; c++)
            CHECK(cubes[c] - expected_cubes[c] == 0);
    }
    free_guarded(counts, cells);
    free_guarded(expected, cells);
    free(cubes);
    free(expected_cubes);
}

static void kendall_holds(void) {
    const int of_grades = random_below(2) == 0;
    series s = any_series(random_below(16) == 0 ? random_below(300) : random_below(48), 1);
    kendall_agrees_on(s, of_grades);
    free_series(&s);
}
