/* sif_count_transitions against pairs of records that follow each other. */
#include "properties/count_transitions.h"

/* Two providers; of the first's two records on day 5 the later row counts. */
static const int8_t provider[] = {0, 0, 0, 0, 1, 1}, grade[] = {1, 0, 2, -1, 2, 2}, group[] = {0, 0, 0, 1, -1, 1};
static const int64_t inspected[] = {1, 5, 5, 9, 3, 4};

static sif_records six_records(void) {
    return (sif_records){.n = 6, .provider = {.data = provider, .size = 2, .kind = SIF_INT8}, .inspected = inspected};
}

static void by_hand(void) {
    const sif_codes grades = {.data = grade, .size = 3, .kind = SIF_INT8}, groups = {.data = group, .size = 2, .kind = SIF_INT8};
    const sif_records records = six_records();
    int64_t *const counts = guarded(3 * 16);
    CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, NULL, NULL, &grades, counts, NULL), SIF_OK, -1, 0);
    for (int64_t c = 0; c < 16; c++)
        CHECK(counts[c] == (c == 1 * 4 + 2 || c == 2 * 4 + 3 || c == 2 * 4 + 2));
    CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, &groups, NULL, &grades, counts, NULL), SIF_OK, -1, 0);
    for (int64_t c = 0; c < 3 * 16; c++)
        CHECK(counts[c] == (c == 0 * 16 + 1 * 4 + 2 || c == 1 * 16 + 2 * 4 + 3 || c == 1 * 16 + 2 * 4 + 2));
    free_guarded(counts, 3 * 16);
}

/* Three records of provider 1 and two of provider 0, which follow each other by day as grades 0, 1, 2 and 2, 1. */
static sif_status count_five(const int64_t *days, const int64_t *publications, int64_t *counts) {
    static const int8_t whose[] = {1, 0, 1, 1, 0}, grades_of_five[] = {2, 1, 0, 1, 2};
    const sif_codes grades = {.data = grades_of_five, .size = 3, .kind = SIF_INT8};
    const sif_records records = {
        .n = 5, .provider = {.data = whose, .size = 2, .kind = SIF_INT8}, .inspected = days, .published = publications};
    return sif_count_transitions(&records, NULL, NULL, NULL, NULL, &grades, counts, NULL);
}

static int are_those_of_five(const int64_t *counts) {
    for (int64_t c = 0; c < 16; c++)
        if (counts[c] != (c == 0 * 4 + 1 || c == 1 * 4 + 2 || c == 2 * 4 + 1))
            return 0;
    return 1;
}

/* Sorted as words, or, where a word can't hold their keys, by rows. */
static void rows_that_lie_in_no_order(void) {
    const int64_t near[] = {9, 9, 7, 8, 1}, apart[] = {INT32_MAX, 0, INT32_MIN, 0, INT32_MIN};
    const int64_t late[] = {INT32_MAX, INT32_MAX, INT32_MAX - 2, INT32_MAX - 1, INT32_MAX - 3};
    const int64_t early[] = {INT32_MIN + 2, INT32_MIN + 1, INT32_MIN, INT32_MIN + 1, INT32_MIN};
    const int64_t *const days[] = {near, apart, late, early};
    const int64_t published[] = {INT64_MAX, INT64_MIN + 1, SIF_NO_DAY, 0, 0};
    int64_t *const counts = guarded(16);
    for (size_t d = 0; d < sizeof days / sizeof *days; d++) {
        CHECK_STATUS(count_five(days[d], NULL, counts), SIF_OK, -1, 0);
        CHECK(are_those_of_five(counts));
        CHECK_STATUS(count_five(days[d], published, counts), SIF_OK, -1, 0);
        CHECK(are_those_of_five(counts));
    }
    free_guarded(counts, 16);
}

static void the_first_faulty_row_is_named_in_whatever_order_rows_lie(void) {
    const int64_t before_all[] = {9, 9, 7, (int64_t)INT32_MIN - 1, 1}, after_all[] = {9, 9, 7, (int64_t)INT32_MAX + 1, INT64_MAX};
    const int64_t both_far[] = {9, 9, 7, (int64_t)INT32_MAX + 1, SIF_NO_DAY};
    const int64_t near_but_early[] = {INT32_MIN + 2, INT32_MIN + 2, INT32_MIN, (int64_t)INT32_MIN - 1, INT32_MIN};
    const int64_t *const days[] = {before_all, after_all, both_far, near_but_early};
    int64_t *const counts = guarded(16);
    for (size_t d = 0; d < sizeof days / sizeof *days; d++) {
        CHECK_STATUS(count_five(days[d], NULL, counts), SIF_BAD_DAY, 3, days[d][3]);
        CHECK(all_are(counts, 16, SIF_VOID));
    }
    free_guarded(counts, 16);
}

static void nothing_one_row_and_none_that_counts(void) {
    const sif_codes grades = {.data = grade, .size = 3, .kind = SIF_INT8};
    const uint8_t none[6] = {0};
    int64_t *const counts = guarded(16);
    sif_records records = six_records();
    for (records.n = 0; records.n < 2; records.n++) {
        memset(counts, 99, 16 * sizeof *counts);
        CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, NULL, NULL, &grades, counts, NULL), SIF_OK, -1, 0);
        CHECK(all_are(counts, 16, 0));
    }
    records.n = 6;
    records.eligible = none;
    CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, NULL, NULL, &grades, counts, NULL), SIF_OK, -1, 0);
    CHECK(all_are(counts, 16, 0));
    free_guarded(counts, 16);
}

static void bad_codes_and_days_are_named(void) {
    const int8_t bad[] = {0, 0, 7, 0, 0, -2}, good[6] = {0};
    const int64_t far[] = {1, 2, 3, (int64_t)INT32_MAX + 1, 1, 2};
    const sif_codes of_bad = {.data = bad, .size = 2, .kind = SIF_INT8}, of_good = {.data = good, .size = 2, .kind = SIF_INT8};
    const sif_codes of_many = {.data = good, .size = 1 << 16, .kind = SIF_INT8};
    int64_t *const counts = guarded(3 * 3 * 9);
    sif_records records = six_records();
    CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, NULL, NULL, &of_bad, counts, NULL), SIF_BAD_GRADE, 2, 7);
    CHECK(all_are(counts, 9, SIF_VOID));
    CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, &of_bad, &of_good, &of_good, counts, NULL), SIF_BAD_GROUP, 2, 7);
    CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, &of_good, &of_bad, &of_good, counts, NULL), SIF_BAD_PERIOD, 2, 7);
    CHECK(all_are(counts, 3 * 3 * 9, SIF_VOID));
    records.inspected = far;
    CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, NULL, NULL, &of_good, counts, NULL), SIF_BAD_DAY, 3, far[3]);
    CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, NULL, NULL, &of_many, counts, NULL), SIF_TOO_LARGE, -1, 1 << 16);
    free_guarded(counts, 3 * 3 * 9);
}

/* A block of records ends where two follow each other; what was kept of it must not be lost. */
static void blocks_hang_together(void) {
    for (int64_t n = 1020; n < 1030; n++) {
        int8_t *const zeros = allocate(n, 1);
        int64_t *const days = allocate(n, sizeof *days);
        for (int64_t i = 0; i < n; i++)
            days[i] = i;
        const sif_codes grades = {.data = zeros, .size = 1, .kind = SIF_INT8};
        const sif_records records = {.n = n, .provider = {.data = zeros, .size = 1, .kind = SIF_INT8}, .inspected = days};
        int64_t *const counts = guarded(4);
        CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, NULL, NULL, &grades, counts, NULL), SIF_OK, -1, 0);
        CHECK(counts[0] == n - 1);
        free_guarded(counts, 4);
        free(days);
        free(zeros);
    }
}

static void the_interrupt_check_is_asked_and_obeyed(void) {
    const int64_t n = 2 * SIF_ROWS_PER_CHECK + 5;
    int8_t *const zeros = allocate(n, 1);
    int64_t *const days = allocate(n, sizeof *days), *const counts = guarded(4);
    const sif_codes grades = {.data = zeros, .size = 1, .kind = SIF_INT8};
    const sif_records records = {.n = n, .provider = {.data = zeros, .size = 1, .kind = SIF_INT8}, .inspected = days};
    test_interrupt left = {0, 2};
    const sif_interrupt_check interrupt = {ask, &left};
    CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, NULL, NULL, &grades, counts, &interrupt), SIF_INTERRUPTED, -1, 0);
    CHECK(left.asked == 2 && all_are(counts, 4, SIF_VOID));
    free_guarded(counts, 4);
    free(days);
    free(zeros);
}

static void sizes_past_all_bounds_are_refused(void) {
    const int8_t zero = 0;
    const int64_t day = 1, sizes[] = {-1, INT32_MAX, (int64_t)1 << 32, INT64_MAX};
    const sif_codes grades = {.data = &zero, .size = 4, .kind = SIF_INT8};
    const sif_records records = {.n = 1, .provider = {.data = &zero, .size = 1, .kind = SIF_INT8}, .inspected = &day};
    int64_t counts = 5;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const sif_codes groups = {.data = &zero, .size = sizes[s], .kind = SIF_INT8};
        CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, &groups, NULL, &grades, &counts, NULL), SIF_TOO_LARGE, -1, sizes[s]);
        CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, NULL, NULL, &groups, &counts, NULL), SIF_TOO_LARGE, -1, sizes[s]);
    }
    const sif_records many = {.n = 1, .provider = {.data = &zero, .size = (int64_t)INT32_MAX + 1, .kind = SIF_INT8}, .inspected = &day};
    CHECK_STATUS(sif_count_transitions(&many, NULL, NULL, NULL, NULL, &grades, &counts, NULL), SIF_TOO_LARGE, -1, many.provider.size);
    CHECK(counts == 5); /* as it was */
}

static const int64_t inspected_of_three[] = {9, 1, 2, 1, 2, 3}, identity[] = {0, 1, 2, 3, 4, 5};
static const int8_t grades_of_three[] = {0, 0, 1, 2, 3, 3};

/* Whether the records of two providers, from the second row on, make the transitions 0 to 1, 2 to 3 and 3 to 3. */
static void makes_three(const sif_records *records, const int64_t *order) {
    const sif_codes grades = {.data = grades_of_three, .size = 4, .kind = SIF_INT8};
    const sif_piece piece = {.first = 1, .stop = records->n};
    int64_t *const counts = guarded(25);
    CHECK_STATUS(sif_count_transitions(records, order, &piece, NULL, NULL, &grades, counts, NULL), SIF_OK, -1, 0);
    CHECK(counts[1] == 1 && counts[2 * 5 + 3] == 1 && counts[3 * 5 + 3] == 1);
    counts[1] = counts[2 * 5 + 3] = counts[3 * 5 + 3] = 0;
    CHECK(all_are(counts, 25, 0));
    free_guarded(counts, 25);
}

/* More providers than codes of the kind can name, too. */
static void providers_of_every_kind(void) {
    const int64_t of_whom[] = {0, 1, 1, 2, 2, 2}, unknown[] = {0, 100}, sizes[] = {3, 300, 40000, INT32_MAX};
    for (int kind = SIF_INT8; kind <= SIF_UINT64; kind++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            const sif_codes codes = coded(of_whom, 6, sizes[s], (sif_kind)kind);
            const sif_records records = {.n = 6, .provider = codes, .inspected = inspected_of_three};
            makes_three(&records, NULL);
            makes_three(&records, identity);
            free_codes(&codes);
        }
        const sif_codes codes = coded(unknown, 2, 3, (sif_kind)kind), grades = {.data = grades_of_three, .size = 4, .kind = SIF_INT8};
        const sif_records records = {.n = 2, .provider = codes, .inspected = inspected_of_three};
        int64_t counts[25];
        CHECK_STATUS(sif_count_transitions(&records, NULL, NULL, NULL, NULL, &grades, counts, NULL), SIF_BAD_PROVIDER, 1, 100);
        free_codes(&codes);
    }
}

/* That is for the piece before to say. */
static void what_is_wrong_before_a_piece_is_not_its_own(void) {
    int64_t of_whom[] = {0, 1, 1, 2, 2, 2}, order[] = {0, 1, 2, 3, 4, 5};
    const sif_records records = {.n = 6, .provider = {.data = of_whom, .size = 3, .kind = SIF_INT64}, .inspected = inspected_of_three};
    const int64_t wrong[] = {-1, 9, INT64_MIN, INT64_MAX};
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
        order[0] = wrong[w];
        makes_three(&records, order);
        order[0] = 0;
        of_whom[0] = wrong[w];
        makes_three(&records, order);
        makes_three(&records, NULL);
        of_whom[0] = 0;
    }
}

int main(void) {
    REPEAT(2000, count_transitions_holds);
    RUN(by_hand);
    EACH_VERSION RUN(rows_that_lie_in_no_order);
    RUN(the_first_faulty_row_is_named_in_whatever_order_rows_lie);
    RUN(nothing_one_row_and_none_that_counts);
    RUN(bad_codes_and_days_are_named);
    RUN(blocks_hang_together);
    RUN(the_interrupt_check_is_asked_and_obeyed);
    RUN(sizes_past_all_bounds_are_refused);
    RUN(what_is_wrong_before_a_piece_is_not_its_own);
    EACH_VERSION RUN(providers_of_every_kind);
    return report();
}
