/* sif_theil_sen against the ranks among the slopes of all pairs. */
#include "properties/theil_sen.h"

/* More pairs than are kept at once: the bracket must be narrowed. Days and values of every kind, with and without ties. */
static void many_pairs(void) {
    for (int again = 0; again < 60; again++) {
        series s = any_series(1000, 0);
        theil_sen_agrees_on(&s);
        free_series(&s);
    }
}

/* Few slopes, so steep that numbers y - b x are past all doubles: the quick pass cannot order those, and went round in a circle. */
static void values_near_the_largest_number(void) {
    for (int again = 0; again < 40; again++) {
        const int64_t n = 600;
        series s = {.n = n, .n_groups = 1, .day = allocate(n, sizeof *s.day), .value = allocate(n, sizeof *s.value)};
        s.group = allocate(n, sizeof *s.group);
        s.grade = allocate(n, sizeof *s.grade);
        for (int64_t i = 0; i < n; i++) {
            s.day[i] = i * 6 / n;
            s.value[i] = i < 2 ? 1.7e308 : random_below(2) == 0 ? 0 : -0.0;
        }
        s.rows = (sif_dated){.n = n, .group = coded(s.group, n, 1, SIF_INT8), .day = s.day};
        s.grades = coded(s.grade, n, 1, SIF_INT8);
        theil_sen_agrees_on(&s);
        free_series(&s);
    }
}

static const int8_t zeros[64] = {0};

static void by_hand(void) {
    const int64_t days[] = {0, 2, 2, 4}, ranks[] = {0, 1, 2, 3, 4, 5, -1};
    const double values[] = {0, 1, 5, 6};
    const double expected[] = {0.5, 0.5, 1.5, 2.5, 2.5}; /* of five pairs */
    const sif_dated rows = {.n = 4, .group = {.data = zeros, .size = 1, .kind = SIF_INT8}, .day = days};
    double slopes[7];
    CHECK_STATUS(sif_theil_sen(&rows, values, 7, ranks, slopes, NULL), SIF_OK, -1, 0);
    for (int r = 0; r < 5; r++)
        CHECK(slopes[r] == expected[r]);
    CHECK(isnan(slopes[5]) && isnan(slopes[6]));
}

static void nothing_one_row_and_one_day(void) {
    const int64_t days[] = {5, 5, 5}, ranks[] = {0, 0};
    const double values[] = {1, 2, 3};
    sif_dated rows = {.n = 0, .group = {.data = zeros, .size = 1, .kind = SIF_INT8}, .day = days};
    for (; rows.n <= 3; rows.n++) {
        double slope = 9;
        CHECK_STATUS(sif_theil_sen(&rows, values, 1, ranks, &slope, NULL), SIF_OK, -1, 0);
        CHECK(isnan(slope));
    }
    rows.n = 0;
    rows.group.size = 0;
    CHECK_STATUS(sif_theil_sen(&rows, values, 2, ranks, NULL, NULL), SIF_OK, -1, 0);
}

static void what_is_wrong_is_named(void) {
    const int64_t days[] = {1, 2, 3}, falling[] = {1, 3, 2}, rank = 0;
    const double values[] = {0, 1, INFINITY}, finite[] = {0, 1, 2};
    sif_dated rows = {.n = 3, .group = {.data = zeros, .size = 1, .kind = SIF_INT8}, .day = days};
    double slope = 9;
    CHECK_STATUS(sif_theil_sen(&rows, values, 1, &rank, &slope, NULL), SIF_BAD_VALUE, 2, 0);
    CHECK(isnan(slope));
    rows.day = falling;
    CHECK_STATUS(sif_theil_sen(&rows, finite, 1, &rank, &slope, NULL), SIF_UNORDERED, 2, 0);
    rows.n = SIF_MOST_ROWS + 1;
    slope = 9;
    CHECK_STATUS(sif_theil_sen(&rows, finite, 1, &rank, &slope, NULL), SIF_TOO_LARGE, -1, SIF_MOST_ROWS + 1);
    CHECK(slope == 9); /* as it was */
}

static void the_interrupt_check_is_asked_and_obeyed(void) {
    const int64_t n = 2000, rank = n * (n - 1) / 4; /* two million pairs */
    int8_t *const same = allocate(n, 1);
    int64_t *const days = allocate(n, sizeof *days);
    double *const values = allocate(n, sizeof *values);
    for (int64_t i = 0; i < n; i++) {
        days[i] = i;
        values[i] = (double)(random_below(3)); /* slopes tied a great deal, which needs plain passes */
    }
    const sif_dated rows = {.n = n, .group = {.data = same, .size = 1, .kind = SIF_INT8}, .day = days};
    double slope = 9;
    test_interrupt left = {0, 1};
    const sif_interrupt_check interrupt = {ask, &left};
    CHECK_STATUS(sif_theil_sen(&rows, values, 1, &rank, &slope, &interrupt), SIF_INTERRUPTED, -1, 0);
    CHECK(left.asked == 1 && isnan(slope));
    free(same);
    free(days);
    free(values);
}

int main(void) {
    REPEAT(2000, theil_sen_holds);
    RUN(many_pairs);
    RUN(values_near_the_largest_number);
    RUN(by_hand);
    RUN(nothing_one_row_and_one_day);
    RUN(what_is_wrong_is_named);
    RUN(the_interrupt_check_is_asked_and_obeyed);
    return report();
}
