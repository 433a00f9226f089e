/* sif_kendall_grades and sif_kendall_values against sums over all pairs. */
#include "properties/kendall.h"

static const int8_t zeros[64] = {0};

static sif_dated one_group(int64_t n, const int64_t *days) {
    return (sif_dated){.n = n, .group = {.data = zeros, .size = 1, .kind = SIF_INT8}, .day = days};
}

static void by_hand(void) {
    const int64_t days[] = {1, 2, 2, 5};
    const int8_t grade[] = {0, 1, 1, 3};
    const double values[] = {0, 1, 1, 3};
    const sif_codes grades = {.data = grade, .size = 4, .kind = SIF_INT8};
    const sif_dated rows = one_group(4, days);
    for (int of_grades = 0; of_grades < 2; of_grades++) {
        int64_t counts[SIF_KENDALL_COUNTS] = {0};
        double cubes[2] = {0, 0};
        CHECK_STATUS(of_grades ? sif_kendall_grades(&rows, &grades, counts, cubes, NULL)
                               : sif_kendall_values(&rows, values, counts, cubes, NULL),
                     SIF_OK, -1, 0);
        /* 5 pairs on different days, all rising; one pair of equal values, one of equal days; no exact test where days are tied. */
        const int64_t expected[] = {4, 5, 2, 2, 0};
        CHECK(memcmp(counts, expected, sizeof counts) == 0);
        /* All 4 x 3 x 2 triples have different values and different days. */
        CHECK(cubes[0] == 24 && cubes[1] == 24);
    }
}

static void ties_are_longest_first(void) {
    const int64_t days[] = {1, 2, 3, 4, 5, 6};
    const double values[] = {7, 8, 7, 9, 7, 8}; /* three, two and one */
    const sif_dated rows = one_group(6, days);
    int64_t counts[SIF_KENDALL_COUNTS] = {0};
    double cubes[2] = {0, 0};
    CHECK_STATUS(sif_kendall_values(&rows, values, counts, cubes, NULL), SIF_OK, -1, 0);
    CHECK(counts[SIF_KENDALL_TIE_PATTERN] == (1 << 2 | 1 << 4 | 1 << 5));
    CHECK(counts[SIF_KENDALL_VALUE_TIES] == 6 + 2 && cubes[0] == 120 - 6 && cubes[1] == 120);
}

static void nothing_one_row_and_all_missing(void) {
    const int64_t days[] = {1, 2, 3};
    const int8_t missing[] = {-1, -1, -1};
    const sif_codes grades = {.data = missing, .size = 4, .kind = SIF_INT8}, one_grade = {.data = zeros, .size = 1, .kind = SIF_INT8};
    int64_t counts[SIF_KENDALL_COUNTS] = {0};
    double cubes[2] = {0, 0};
    sif_dated rows = one_group(0, days);
    CHECK_STATUS(sif_kendall_grades(&rows, &grades, counts, cubes, NULL), SIF_OK, -1, 0);
    CHECK_STATUS(sif_kendall_values(&rows, NULL, counts, cubes, NULL), SIF_OK, -1, 0);
    rows.n = 3;
    CHECK_STATUS(sif_kendall_grades(&rows, &grades, counts, cubes, NULL), SIF_OK, -1, 0);
    CHECK(all_are(counts, SIF_KENDALL_COUNTS, 0));
    rows.n = 1;
    CHECK_STATUS(sif_kendall_grades(&rows, &one_grade, counts, cubes, NULL), SIF_OK, -1, 0);
    CHECK(counts[SIF_KENDALL_N] == 1 && counts[SIF_KENDALL_S] == 0 && counts[SIF_KENDALL_TIE_PATTERN] == 1);
}

static void what_is_wrong_is_named(void) {
    const int64_t days[] = {1, 2, 3}, falling[] = {1, 3, 2}, missing[] = {1, SIF_NO_DAY, 2}, order[] = {0, 1, 3};
    const int8_t grade[] = {0, 0, 4}, group[] = {0, 0, 1};
    const double values[] = {0, NAN, 1};
    const sif_codes grades = {.data = grade, .size = 4, .kind = SIF_INT8}, many = {.data = grade, .size = 5000, .kind = SIF_INT8};
    int64_t counts[SIF_KENDALL_COUNTS];
    double cubes[2];
    sif_dated rows = one_group(3, days);
    CHECK_STATUS(sif_kendall_grades(&rows, &grades, counts, cubes, NULL), SIF_BAD_GRADE, 2, 4);
    CHECK(all_are(counts, SIF_KENDALL_COUNTS, SIF_VOID) && all_are_nan(cubes, 2));
    CHECK_STATUS(sif_kendall_grades(&rows, &many, counts, cubes, NULL), SIF_TOO_LARGE, -1, 5000);
    CHECK_STATUS(sif_kendall_values(&rows, values, counts, cubes, NULL), SIF_BAD_VALUE, 1, 0);
    CHECK(all_are(counts, SIF_KENDALL_COUNTS, SIF_VOID) && all_are_nan(cubes, 2));
    rows.order = order;
    CHECK_STATUS(sif_kendall_grades(&rows, &grades, counts, cubes, NULL), SIF_BAD_ROW, 2, 3);
    rows.order = NULL;
    rows.day = falling;
    CHECK_STATUS(sif_kendall_grades(&rows, &grades, counts, cubes, NULL), SIF_UNORDERED, 2, 0);
    rows.day = missing;
    CHECK_STATUS(sif_kendall_grades(&rows, &grades, counts, cubes, NULL), SIF_NO_DATE, 1, 0);
    rows.day = days;
    rows.group.data = group;
    CHECK_STATUS(sif_kendall_grades(&rows, &grades, counts, cubes, NULL), SIF_BAD_GROUP, 2, 1);
}

static void the_interrupt_check_is_asked_and_obeyed(void) {
    const int64_t n = SIF_ROWS_PER_CHECK + 5;
    int8_t *const same = allocate(n, 1);
    int64_t *const days = allocate(n, sizeof *days);
    double *const values = allocate(n, sizeof *values);
    const sif_codes grades = {.data = same, .size = 1, .kind = SIF_INT8};
    const sif_dated rows = {.n = n, .group = {.data = same, .size = 1, .kind = SIF_INT8}, .day = days};
    for (int of_grades = 0; of_grades < 2; of_grades++) {
        int64_t counts[SIF_KENDALL_COUNTS] = {0};
        double cubes[2] = {0, 0};
        test_interrupt left = {0, 1};
        const sif_interrupt_check interrupt = {ask, &left};
        CHECK_STATUS(of_grades ? sif_kendall_grades(&rows, &grades, counts, cubes, &interrupt)
                               : sif_kendall_values(&rows, values, counts, cubes, &interrupt),
                     SIF_INTERRUPTED, -1, 0);
        CHECK(left.asked == 1 && all_are(counts, SIF_KENDALL_COUNTS, SIF_VOID) && all_are_nan(cubes, 2));
    }
    free(same);
    free(days);
    free(values);
}

/* So many rows of a group that its balances no longer fit the lanes of a word. */
static void groups_that_outgrow_their_lanes(void) {
    const int64_t n = 3000;
    for (int64_t n_grades = 3; n_grades <= 7; n_grades++) {
        series s = {.n = n, .n_groups = 1, .n_grades = n_grades, .day = allocate(n, sizeof *s.day), .value = allocate(n, sizeof *s.value)};
        s.group = allocate(n, sizeof *s.group);
        s.grade = allocate(n, sizeof *s.grade);
        for (int64_t i = 0; i < n; i++) {
            s.day[i] = i / 3;
            s.grade[i] = random_below(9) == 0 ? -1 : random_below(n_grades);
        }
        s.rows = (sif_dated){.n = n, .group = coded(s.group, n, 1, SIF_INT8), .day = s.day};
        s.grades = coded(s.grade, n, n_grades, SIF_INT8);
        kendall_agrees_on(s, 1);
        free_series(&s);
    }
}

/* So many rows of one day and grade that they outgrow a lane, and one of another day and grade. */
static void triples_of_many_rows_are_counted_exactly(void) {
    const int64_t n = ((int64_t)1 << 21) + 7;
    int8_t *const group = allocate(n, 1), *const grade = allocate(n, 1);
    int64_t *const days = allocate(n, sizeof *days);
    double *const values = allocate(n, sizeof *values);
    days[n - 1] = grade[n - 1] = 1;
    values[n - 1] = 1;
    const sif_codes grades = {.data = grade, .size = 2, .kind = SIF_INT8};
    const sif_dated rows = {.n = n, .group = {.data = group, .size = 1, .kind = SIF_INT8}, .day = days};
    for (int of_grades = 0; of_grades < 2; of_grades++) {
        int64_t counts[SIF_KENDALL_COUNTS] = {0};
        double cubes[2] = {0, 0};
        CHECK_STATUS(of_grades ? sif_kendall_grades(&rows, &grades, counts, cubes, NULL)
                               : sif_kendall_values(&rows, values, counts, cubes, NULL),
                     SIF_OK, -1, 0);
        const double expected = 3 * (double)((n - 1) * (n - 2)); /* those with the last row; below 2^53 */
        CHECK(cubes[0] - expected == 0 && cubes[1] - expected == 0);
    }
    free(group);
    free(grade);
    free(days);
    free(values);
}

static void more_rows_or_grades_than_can_be_counted_are_refused(void) {
    const int8_t zero = 0;
    const int64_t day = 1, too_many = SIF_MOST_ROWS + 1;
    const double value = 1;
    int64_t counts[SIF_KENDALL_COUNTS] = {0};
    double cubes[2] = {0};
    const sif_codes grades = {.data = &zero, .size = 4, .kind = SIF_INT8},
                    many = {.data = &zero, .size = (int64_t)1 << 40, .kind = SIF_INT8};
    sif_dated rows = {.n = too_many, .group = {.data = &zero, .size = 1, .kind = SIF_INT8}, .day = &day};
    CHECK_STATUS(sif_kendall_grades(&rows, &grades, counts, cubes, NULL), SIF_TOO_LARGE, -1, too_many);
    CHECK_STATUS(sif_kendall_values(&rows, &value, counts, cubes, NULL), SIF_TOO_LARGE, -1, too_many);
    rows.n = 1;
    CHECK_STATUS(sif_kendall_grades(&rows, &many, counts, cubes, NULL), SIF_TOO_LARGE, -1, many.size);
    CHECK(all_are(counts, SIF_KENDALL_COUNTS, 0) && cubes[0] == 0 && cubes[1] == 0); /* as they were */
}

/* A piece begins with the first group that begins in it; of the rows before, it need not know that they are rows. */
static void what_is_wrong_before_a_piece_is_not_its_own(void) {
    const int64_t group[] = {0, 1, 1, 1}, days[] = {5, 1, 2, 3}, wrong[] = {-1, 4, INT64_MIN, INT64_MAX};
    const double values[] = {0, 1, 2, 3};
    int64_t order[] = {0, 1, 2, 3};
    const sif_piece piece = {.first = 1, .stop = 4};
    const sif_dated rows = {.n = 4, .group = coded(group, 4, 2, SIF_INT8), .day = days, .order = order, .piece = &piece};
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
        int64_t counts[2 * SIF_KENDALL_COUNTS] = {0};
        double cubes[4] = {0};
        order[0] = wrong[w];
        CHECK_STATUS(sif_kendall_values(&rows, values, counts, cubes, NULL), SIF_OK, -1, 0);
        CHECK(counts[SIF_KENDALL_COUNTS + SIF_KENDALL_S] == 3 && counts[SIF_KENDALL_N] == 0);
        order[0] = 0;
        order[1] = wrong[w];
        CHECK_STATUS(sif_kendall_values(&rows, values, counts, cubes, NULL), SIF_BAD_ROW, 1, wrong[w]);
        order[1] = 1;
    }
    free_codes(&rows.group);
}

int main(void) {
    REPEAT(2000, kendall_holds);
    RUN(by_hand);
    RUN(ties_are_longest_first);
    RUN(nothing_one_row_and_all_missing);
    RUN(what_is_wrong_is_named);
    RUN(the_interrupt_check_is_asked_and_obeyed);
    RUN(groups_that_outgrow_their_lanes);
    RUN(triples_of_many_rows_are_counted_exactly);
    RUN(more_rows_or_grades_than_can_be_counted_are_refused);
    RUN(what_is_wrong_before_a_piece_is_not_its_own);
    return report();
}
