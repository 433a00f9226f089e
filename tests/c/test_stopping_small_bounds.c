/* Kernels whose every step asks the interrupt check, stopped at each of the times that they ask, or at many. */
#include <math.h>

#include "check.h"

enum { N = 5000, DATES = 4 };
static int64_t days[N], far_apart[N], same_day[N], provider[N], zeros[N], cells[4 * N], changes[4 * N];
static double values[N];
static int8_t grade[N];

/* CALL uses `interrupt`, and asks at least LEAST times; it is stopped at each of the first MOST. */
#define STOP_AT_THE_FIRST(LEAST, MOST, CALL, IS_VOID)                                                                                      \
    do {                                                                                                                                   \
        int64_t stop_at = 1;                                                                                                               \
        for (; stop_at <= (MOST); stop_at++) {                                                                                             \
            test_interrupt left = {0, stop_at};                                                                                            \
            const sif_interrupt_check interrupt = {ask, &left};                                                                            \
            const sif_status status = (CALL);                                                                                              \
            if (!was_interrupted(status, &left)) {                                                                                         \
                CHECK(status.code == SIF_OK);                                                                                              \
                break;                                                                                                                     \
            }                                                                                                                              \
            CHECK(IS_VOID);                                                                                                                \
        }                                                                                                                                  \
        CHECK(stop_at > (LEAST));                                                                                                          \
    } while (0)

static void fill(void) {
    for (int64_t i = 0; i < N; i++) {
        days[i] = i;
        far_apart[i] = i % 2 == 0 ? INT64_MAX : INT64_MIN + 1;
        same_day[i] = 1;
        provider[i] = N - 1 - i;
        values[i] = (double)random_below(INT64_MAX);
        grade[i] = (int8_t)(i % 4);
    }
}

static void numbers_of_one_day(void) {
    const sif_dated rows = {.n = N, .group = {.data = zeros, .size = 1, .kind = SIF_INT64}, .day = same_day};
    int64_t counts[SIF_KENDALL_COUNTS], rank = 0;
    double cubes[2], slope;
    STOP_AT_THE_FIRST(20, 1000, sif_kendall_values(&rows, values, counts, cubes, &interrupt),
                      all_are(counts, SIF_KENDALL_COUNTS, SIF_VOID));
    STOP_AT_THE_FIRST(10, 1000, sif_theil_sen(&rows, values, 1, &rank, &slope, &interrupt), isnan(slope));
}

static void slopes_found_the_quick_way(void) {
    const sif_dated rows = {.n = N, .group = {.data = zeros, .size = 1, .kind = SIF_INT64}, .day = days};
    const int64_t rank = (int64_t)N * (N - 1) / 4;
    double slope;
    STOP_AT_THE_FIRST(100, 100, sif_theil_sen(&rows, values, 1, &rank, &slope, &interrupt), isnan(slope));
}

/* By words, and, where reports came so far apart that a word can't say it, by rows. */
static void states_of_rows_in_no_order(void) {
    const int64_t dates[DATES] = {1, 1000, 2000, 3000};
    const sif_codes grades = {.data = grade, .size = 4, .kind = SIF_INT8};
    sif_records records = {.n = N, .provider = {.data = provider, .size = N, .kind = SIF_INT64}, .inspected = days};
    int64_t n_changes;
    for (int rows = 0; rows < 2; rows++) {
        records.published = rows ? far_apart : NULL;
        STOP_AT_THE_FIRST(10, 1000, sif_count_as_at(&records, NULL, NULL, NULL, &grades, NULL, DATES, dates, dates, cells, &interrupt),
                          all_are(cells, DATES * 5, SIF_VOID));
        STOP_AT_THE_FIRST(
            5, 1000, sif_changes_as_at(&records, NULL, NULL, &grades, NULL, DATES, dates, dates, &n_changes, cells, changes, &interrupt),
            n_changes == SIF_VOID && all_are(cells, 2 * N, SIF_VOID));
    }
}

/* By words, and, where reports came so far apart that a word can't say it, by rows. */
static void transitions_of_rows_in_no_order(void) {
    const sif_codes grades = {.data = grade, .size = 4, .kind = SIF_INT8};
    sif_records records = {.n = N, .provider = {.data = provider, .size = N, .kind = SIF_INT64}, .inspected = days};
    int64_t counts[25];
    STOP_AT_THE_FIRST(10, 1000, sif_count_transitions(&records, NULL, NULL, NULL, NULL, &grades, counts, &interrupt),
                      all_are(counts, 25, SIF_VOID));
    records.published = far_apart;
    STOP_AT_THE_FIRST(20, 1000, sif_count_transitions(&records, NULL, NULL, NULL, NULL, &grades, counts, &interrupt),
                      all_are(counts, 25, SIF_VOID));
}

int main(void) {
    fill();
    RUN(numbers_of_one_day);
    RUN(slopes_found_the_quick_way);
    RUN(states_of_rows_in_no_order);
    RUN(transitions_of_rows_in_no_order);
    return report();
}
