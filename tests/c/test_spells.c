/* sif_spells against two plain passes over the records. */
#include "properties/spells.h"

static const int8_t provider[] = {0, 0, 0, 0, 1}, grade[] = {1, 1, 0, -1, 2};
static const int64_t inspected[] = {1, 5, 7, 9, 3};

static sif_records five_records(void) {
    return (sif_records){.n = 5, .provider = {.data = provider, .size = 2, .kind = SIF_INT8}, .inspected = inspected};
}

static void by_hand(void) {
    const sif_codes grades = {.data = grade, .size = 3, .kind = SIF_INT8};
    const int64_t closed[] = {SIF_NO_DAY, 8}, opened[] = {2, SIF_NO_DAY};
    sif_records records = five_records();
    records.opened = opened;
    records.closed = closed;
    int64_t rows[5], ended_by[5], start[5], end[5], n = -9;
    CHECK_STATUS(sif_spells(&records, NULL, &grades, 20, &n, rows, ended_by, start, end, NULL), SIF_OK, -1, 0);
    CHECK(n == 3);
    CHECK(rows[0] == 0 && ended_by[0] == 2 && start[0] == 2 && end[0] == 7);   /* from the opening, through the same grade */
    CHECK(rows[1] == 2 && ended_by[1] == -1 && start[1] == 7 && end[1] == 20); /* a record without a grade ends nothing */
    CHECK(rows[2] == 4 && ended_by[2] == -1 && start[2] == 3 && end[2] == 8);  /* to the closing */
    CHECK_STATUS(sif_spells(&records, NULL, &grades, 6, &n, rows, ended_by, start, end, NULL), SIF_OK, -1, 0);
    CHECK(n == 2 && ended_by[0] == -1 && end[0] == 6 && rows[1] == 4 && end[1] == 6);
}

static void nothing_one_row_and_no_grade(void) {
    const int8_t missing[] = {-1, -1, -1, -1, -1};
    const sif_codes grades = {.data = grade, .size = 3, .kind = SIF_INT8}, without = {.data = missing, .size = 3, .kind = SIF_INT8};
    sif_records records = five_records();
    int64_t rows[5], ended_by[5], start[5], end[5], n = -9;
    CHECK_STATUS(sif_spells(&records, NULL, &without, 20, &n, rows, ended_by, start, end, NULL), SIF_OK, -1, 0);
    CHECK(n == 0);
    records.n = 1;
    CHECK_STATUS(sif_spells(&records, NULL, &grades, 20, &n, rows, ended_by, start, end, NULL), SIF_OK, -1, 0);
    CHECK(n == 1 && rows[0] == 0 && ended_by[0] == -1 && start[0] == 1 && end[0] == 20);
    records.n = 0;
    CHECK_STATUS(sif_spells(&records, NULL, &grades, 20, &n, rows, ended_by, start, end, NULL), SIF_OK, -1, 0);
    CHECK(n == 0);
}

static void what_is_wrong_is_named(void) {
    const sif_codes grades = {.data = grade, .size = 2, .kind = SIF_INT8};
    const sif_codes all_good = {.data = grade, .size = 3, .kind = SIF_INT8};
    const int64_t closed[] = {4, SIF_NO_DAY}, late[] = {1, 5, 7, 6, 3};
    sif_records records = five_records();
    int64_t rows[5], ended_by[5], start[5], end[5], n = 0;
    CHECK_STATUS(sif_spells(&records, NULL, &grades, 20, &n, rows, ended_by, start, end, NULL), SIF_BAD_GRADE, 4, 2);
    CHECK(n == SIF_VOID);
    records.closed = closed;
    CHECK_STATUS(sif_spells(&records, NULL, &all_good, 20, &n, rows, ended_by, start, end, NULL), SIF_BAD_SPAN, 1, 5);
    CHECK(n == SIF_VOID);
    records.inspected = late;
    CHECK_STATUS(sif_spells(&records, NULL, &all_good, 20, &n, rows, ended_by, start, end, NULL), SIF_UNORDERED, 3, 0);
    records.provider.size = (int64_t)INT32_MAX + 1;
    CHECK_STATUS(sif_spells(&records, NULL, &all_good, 20, &n, rows, ended_by, start, end, NULL), SIF_TOO_LARGE, -1,
                 (int64_t)INT32_MAX + 1);
    const sif_codes too_many = {.data = grade, .size = (int64_t)INT32_MAX + 1, .kind = SIF_INT8};
    records = five_records();
    CHECK_STATUS(sif_spells(&records, NULL, &too_many, 20, &n, rows, ended_by, start, end, NULL), SIF_TOO_LARGE, -1, too_many.size);
}

static void the_interrupt_check_is_asked_and_obeyed(void) {
    const int64_t rows = 2 * SIF_ROWS_PER_CHECK + 5;
    int8_t *const zeros = allocate(rows, 1);
    int64_t *const out = allocate(rows, sizeof *out), n = 0;
    const sif_codes grades = {.data = zeros, .size = 1, .kind = SIF_INT8};
    const sif_records records = {.n = rows, .provider = {.data = zeros, .size = 1, .kind = SIF_INT8}, .inspected = out};
    int64_t one[4];
    test_interrupt left = {0, 3};
    const sif_interrupt_check interrupt = {ask, &left};
    /* All rows are of one provider, day and grade: one spell at most. */
    CHECK_STATUS(sif_spells(&records, NULL, &grades, 20, &n, one, one + 1, one + 2, one + 3, &interrupt), SIF_INTERRUPTED, -1, 0);
    CHECK(left.asked == 3 && n == SIF_VOID);
    free(out);
    free(zeros);
}

int main(void) {
    REPEAT(2000, spells_holds);
    RUN(by_hand);
    RUN(nothing_one_row_and_no_grade);
    RUN(what_is_wrong_is_named);
    RUN(the_interrupt_check_is_asked_and_obeyed);
    return report();
}
