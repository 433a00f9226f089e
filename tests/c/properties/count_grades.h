/* What holds of sif_count_grades: it counts row by row, names the first bad code, and counts of pieces add up. */
#include "check.h"

static void count_grades_holds(void) {
    use_any_version();
    const int64_t sizes[] = {random_below(6), random_below(6), random_below(6), 120 + random_below(16), 250 + random_below(20)};
    const int64_t n = random_rows(), n_grades = sizes[random_below(5)];
    const int grouped = random_below(4) != 0;
    const int64_t n_groups = !grouped ? 0 : random_below(12) == 0 ? 100 + random_below(700) : random_below(7);
    const int64_t stride = n_grades + 1, cells = (n_groups + 1) * stride;
    int64_t *const groups = random_codes(n, n_groups), *const grades = random_codes(n, n_grades);
    spoil_codes(groups, grouped ? n : 0, n_groups);
    spoil_codes(grades, n, n_grades);
    const sif_codes of_group = coded_as_seen(groups, n, n_groups), of_grade = coded_as_seen(grades, n, n_grades);
    int64_t *const counts = guarded(cells), *const expected = guarded(cells);
    const int64_t before = random_below(3); /* added to */
    for (int64_t c = 0; c < cells; c++)
        counts[c] = expected[c] = before;
    faults wrong = {0};
    for (int64_t i = 0; i < n; i++) {
        if (grouped && (groups[i] < -1 || groups[i] >= n_groups))
            add_fault(&wrong, BAD_CODES, i, SIF_BAD_GROUP, i, groups[i]);
        else if (grades[i] < -1 || grades[i] >= n_grades)
            add_fault(&wrong, BAD_CODES, i, SIF_BAD_GRADE, i, grades[i]);
        else
            expected[(!grouped || groups[i] < 0 ? n_groups : groups[i]) * stride + (grades[i] < 0 ? n_grades : grades[i])]++;
    }

    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const int64_t cut = random_below(3) == 0 ? random_below(n + 1) : n; /* in two pieces */
    sif_status status = sif_count_grades(cut, grouped ? &of_group : NULL, &of_grade, counts, &interrupt);
    if (status.code == SIF_OK && cut < n) {
        const sif_codes rest_of_group = codes_from(&of_group, cut), rest_of_grade = codes_from(&of_grade, cut);
        status = sif_count_grades(n - cut, grouped ? &rest_of_group : NULL, &rest_of_grade, counts, &interrupt);
        status.row += status.row >= 0 ? cut : 0;
    }
    if (was_interrupted(status, &left))
        CHECK(all_are(counts, cells, SIF_VOID));
    else {
        CHECK(is_as_expected(status, &wrong));
        CHECK(wrong.n > 0 ? all_are(counts, cells, SIF_VOID) : memcmp(counts, expected, (size_t)cells * sizeof *counts) == 0);
    }
    free_guarded(counts, cells);
    free_guarded(expected, cells);
    free_codes(&of_group);
    free_codes(&of_grade);
    free(groups);
    free(grades);
}
