/* sif_latest_as_at against looking at every record for every provider. */
#include "properties/latest_as_at.h"

static void pointers_that_are_not_given_bound_nothing(void) {
    const int64_t inspected[] = {5, 7, 6}, far = INT64_MAX;
    const int8_t providers[] = {0, 0, 1};
    const sif_records records = {.n = 3, .provider = {.data = providers, .size = 3, .kind = SIF_INT8}, .inspected = inspected};
    int64_t *const rows = guarded(3);
    CHECK_STATUS(sif_latest_as_at(&records, far, INT64_MIN, rows, NULL), SIF_OK, -1, 0);
    CHECK(rows[0] == 1 && rows[1] == 2 && rows[2] == -1);
    CHECK_STATUS(sif_latest_as_at(&records, 5, INT64_MIN, rows, NULL), SIF_OK, -1, 0);
    CHECK(rows[0] == 0 && rows[1] == -1 && rows[2] == -1);
    free_guarded(rows, 3);
}

static void bad_records_are_named(void) {
    const int64_t inspected[] = {1, SIF_NO_DAY, 3};
    const uint8_t eligible[] = {1, 0, 1};
    int8_t providers[] = {0, 0, 1};
    sif_records records = {.n = 3, .provider = {.data = providers, .size = 2, .kind = SIF_INT8}, .inspected = inspected};
    int64_t *const rows = guarded(2);
    CHECK_STATUS(sif_latest_as_at(&records, 9, 9, rows, NULL), SIF_NO_DATE, 1, 0);
    CHECK(all_are(rows, 2, SIF_VOID));
    records.eligible = eligible; /* what takes no part may lack a date */
    CHECK_STATUS(sif_latest_as_at(&records, 9, 9, rows, NULL), SIF_OK, -1, 0);
    CHECK(rows[0] == 0 && rows[1] == 2);
    const int8_t outside[] = {2, 127, -1, -2, -128};
    for (size_t i = 0; i < sizeof outside; i++) {
        providers[2] = outside[i];
        CHECK_STATUS(sif_latest_as_at(&records, 9, 9, rows, NULL), SIF_BAD_PROVIDER, 2, outside[i]);
        CHECK(all_are(rows, 2, SIF_VOID));
    }
    free_guarded(rows, 2);
}

/* The day of a moment, rounded down. */
static int64_t day_of(int64_t moment, int64_t of_a_day) {
    return moment / of_a_day - (moment % of_a_day < 0);
}

static void moments_count_by_their_day(void) {
    const int8_t provider = 0;
    int64_t row;
    for (int unit = SIF_DAYS; unit <= SIF_NANOSECONDS; unit++) {
        const int64_t of_a_day = units_a_day[unit];
        const int64_t moments[] = {INT64_MIN + 1, INT64_MIN + of_a_day, -of_a_day - 1, -of_a_day, -1, 0, 1, of_a_day - 1, INT64_MAX};
        for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
            const int64_t day = day_of(moments[i], of_a_day);
            const sif_records records = {.n = 1,
                                         .provider = {.data = &provider, .size = 1, .kind = SIF_INT8},
                                         .inspected = &moments[i],
                                         .published = &moments[i],
                                         .inspected_unit = (sif_date_unit)unit,
                                         .published_unit = (sif_date_unit)unit};
            CHECK_STATUS(sif_latest_as_at(&records, day, day, &row, NULL), SIF_OK, -1, 0);
            CHECK(row == 0);
            CHECK_STATUS(sif_latest_as_at(&records, day - 1, day, &row, NULL), SIF_OK, -1, 0);
            CHECK(row == -1);
            CHECK_STATUS(sif_latest_as_at(&records, day, day - 1, &row, NULL), SIF_OK, -1, 0);
            CHECK(row == -1);
        }
    }
    const int64_t missing = SIF_NO_DAY;
    const int32_t missing_of_32_bits = INT32_MIN;
    for (int unit = SIF_DAYS; unit <= SIF_DAYS32; unit++) {
        const sif_records records = {.n = 1,
                                     .provider = {.data = &provider, .size = 1, .kind = SIF_INT8},
                                     .inspected = unit == SIF_DAYS32 ? (const void *)&missing_of_32_bits : &missing,
                                     .inspected_unit = (sif_date_unit)unit};
        CHECK_STATUS(sif_latest_as_at(&records, 0, 0, &row, NULL), SIF_NO_DATE, 0, 0);
    }
}

static void more_providers_than_can_be_told_apart_are_refused(void) {
    const int64_t day = 1, too_many = (int64_t)INT32_MAX + 1;
    const int8_t zero = 0;
    const sif_records records = {.n = 1, .provider = {.data = &zero, .size = too_many, .kind = SIF_INT8}, .inspected = &day};
    int64_t row = 7;
    CHECK_STATUS(sif_latest_as_at(&records, 9, 9, &row, NULL), SIF_TOO_LARGE, -1, too_many);
    CHECK(row == 7);
}

static void the_interrupt_check_is_asked_and_obeyed(void) {
    const int64_t n = 2 * SIF_ROWS_PER_CHECK;
    int64_t *const inspected = allocate(n, sizeof *inspected), *const rows = guarded(1);
    int8_t *const zeros = allocate(n, 1);
    const sif_records records = {.n = n, .provider = {.data = zeros, .size = 1, .kind = SIF_INT8}, .inspected = inspected};
    test_interrupt left = {0, 2};
    const sif_interrupt_check interrupt = {ask, &left};
    CHECK_STATUS(sif_latest_as_at(&records, 0, 0, rows, &interrupt), SIF_INTERRUPTED, -1, 0);
    CHECK(left.asked == 2 && rows[0] == SIF_VOID);
    free_guarded(rows, 1);
    free(inspected);
    free(zeros);
}

int main(void) {
    REPEAT(2000, latest_as_at_holds);
    RUN(pointers_that_are_not_given_bound_nothing);
    RUN(bad_records_are_named);
    RUN(moments_count_by_their_day);
    RUN(more_providers_than_can_be_told_apart_are_refused);
    RUN(the_interrupt_check_is_asked_and_obeyed);
    return report();
}
