/* sif_count_as_at against the latest record of every provider on every date. */
#include "properties/count_as_at.h"

/* Four good records of two providers in order; what is wrong is put in by hand. */
static int64_t inspected[4], published[4], provider[4], grade[4], group[4], order[4];

static sif_status counted(const int64_t *rows, int64_t n_dates, const int64_t *dates, const int64_t *cutoffs, int64_t *counts) {
    const sif_codes groups = {.data = group, .size = 2, .kind = SIF_INT64}, grades = {.data = grade, .size = 4, .kind = SIF_INT64};
    const sif_records records = {
        .n = 4, .provider = {.data = provider, .size = 2, .kind = SIF_INT64}, .inspected = inspected, .published = published};
    return sif_count_as_at(&records, rows, NULL, &groups, &grades, NULL, n_dates, dates, cutoffs, counts, NULL);
}

static void reset(void) {
    for (int64_t i = 0; i < 4; i++) {
        provider[i] = i / 2;
        inspected[i] = i % 2 + 1;
        published[i] = 3;
        grade[i] = i;
        group[i] = i % 2;
        order[i] = i;
    }
}

static void what_is_wrong_is_named(void) {
    static const int64_t dates[] = {4, 5};
    struct {
        int64_t *column;
        int64_t row, value;
        sif_code code;
        int64_t named, shown;
    } const wrong[] = {
        {provider, 0, -1, SIF_BAD_PROVIDER, 0, -1},
        {provider, 3, 2, SIF_BAD_PROVIDER, 3, 2},
        {provider, 3, INT64_MAX, SIF_BAD_PROVIDER, 3, INT64_MAX},
        {grade, 1, 4, SIF_BAD_GRADE, 1, 4},
        {grade, 3, INT64_MIN, SIF_BAD_GRADE, 3, INT64_MIN},
        {group, 2, 2, SIF_BAD_GROUP, 2, 2},
        {group, 0, -2, SIF_BAD_GROUP, 0, -2},
        {order, 2, 4, SIF_BAD_ROW, 2, 4},
        {order, 2, -1, SIF_BAD_ROW, 2, -1},
        {order, 2, INT64_MIN, SIF_BAD_ROW, 2, INT64_MIN},
        {order, 1, 0, SIF_UNORDERED, 0, 0}, /* a row twice */
        {order, 3, 0, SIF_UNORDERED, 0, 0},
        {inspected, 1, 0, SIF_UNORDERED, 1, 0},
        {inspected, 3, INT64_MIN + 1, SIF_UNORDERED, 3, 0},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t *const counts = guarded(2 * 3 * 5);
        reset();
        wrong[i].column[wrong[i].row] = wrong[i].value;
        CHECK_STATUS(counted(order, 2, dates, dates, counts), wrong[i].code, wrong[i].named, wrong[i].shown);
        CHECK(all_are(counts, 2 * 3 * 5, SIF_VOID));
        free_guarded(counts, 2 * 3 * 5);
    }
    int64_t *const counts = guarded(2 * 3 * 5);
    reset();
    inspected[2] = published[2] = SIF_NO_DAY;
    CHECK_STATUS(counted(NULL, 2, dates, dates, counts), SIF_NO_DATE, 2, 0);
    reset();
    grade[1] = 7; /* of several, the first */
    group[3] = 7;
    CHECK_STATUS(counted(NULL, 2, dates, dates, counts), SIF_BAD_GRADE, 1, 7);
    reset();
    const int64_t falling[] = {INT64_MAX, INT64_MIN};
    CHECK_STATUS(counted(NULL, 2, falling, dates, counts), SIF_BAD_GRID, 1, INT64_MIN);
    CHECK_STATUS(counted(NULL, 2, dates, falling, counts), SIF_BAD_GRID, 1, INT64_MIN);
    CHECK(all_are(counts, 2 * 3 * 5, SIF_VOID));
    const int64_t rising[] = {INT64_MIN, INT64_MAX};
    CHECK_STATUS(counted(NULL, 2, rising, rising, counts), SIF_OK, -1, 0);
    CHECK(all_are(counts, 3 * 5, 0) && counts[3 * 5 + 5 + 1] == 1 && counts[3 * 5 + 5 + 3] == 1);
    free_guarded(counts, 2 * 3 * 5);
}

static void the_interrupt_check_is_asked_and_obeyed(void) {
    const int64_t n = 2 * SIF_ROWS_PER_CHECK, dates[] = {0, 1, 2};
    int64_t *const days = allocate(n, sizeof *days);
    int8_t *const zeros = allocate(n, 1);
    const sif_records records = {.n = n, .provider = {.data = zeros, .size = 1, .kind = SIF_INT8}, .inspected = days};
    const sif_codes grades = {.data = zeros, .size = 1, .kind = SIF_INT8};
    int64_t *const counts = guarded(6);
    test_interrupt left = {0, 0};
    const sif_interrupt_check interrupt = {ask, &left};
    CHECK_STATUS(sif_count_as_at(&records, NULL, NULL, NULL, &grades, NULL, 3, dates, dates, counts, &interrupt), SIF_OK, -1, 0);
    CHECK(counts[0] == 1 && counts[1] == 0 && counts[4] == 1);
    const int64_t times = left.asked;
    CHECK(times >= 2);
    for (int64_t stop_at = 1; stop_at <= times; stop_at++) {
        left = (test_interrupt){0, stop_at};
        CHECK_STATUS(sif_count_as_at(&records, NULL, NULL, NULL, &grades, NULL, 3, dates, dates, counts, &interrupt), SIF_INTERRUPTED, -1,
                     0);
        CHECK(left.asked == stop_at && all_are(counts, 6, SIF_VOID));
    }
    free_guarded(counts, 6);
    free(days);
    free(zeros);
}

/* Without `expires` the kernel has room for two changes a record; on error all of it is void. */
static void changes_keep_to_their_room(void) {
    static const int64_t dates[] = {4, 5};
    const sif_codes grades = {.data = grade, .size = 4, .kind = SIF_INT64};
    const sif_records records = {
        .n = 4, .provider = {.data = provider, .size = 2, .kind = SIF_INT64}, .inspected = inspected, .published = published};
    int64_t n_changes, *const cells = guarded(8), *const changes = guarded(8);
    reset();
    provider[0] = 1;  /* not in order */
    inspected[2] = 9; /* after the grid */
    CHECK_STATUS(sif_changes_as_at(&records, NULL, NULL, &grades, NULL, 2, dates, dates, &n_changes, cells, changes, NULL), SIF_OK, -1, 0);
    CHECK(n_changes == 2 && cells[0] == 1 && cells[1] == 3 && changes[0] == 1 && changes[1] == 1);
    grade[2] = 5;
    CHECK_STATUS(sif_changes_as_at(&records, NULL, NULL, &grades, NULL, 2, dates, dates, &n_changes, cells, changes, NULL), SIF_BAD_GRADE,
                 2, 5);
    CHECK(n_changes == SIF_VOID && all_are(cells, 8, SIF_VOID) && all_are(changes, 8, SIF_VOID));
    free_guarded(cells, 8);
    free_guarded(changes, 8);
}

/* More than fits is refused, and what takes more than a word is counted another way. */
static void sizes_near_and_past_all_bounds(void) {
    enum { DATES = 2048 };
    const int64_t most = INT32_MAX, dates[] = {4, 5}, expires[] = {SIF_NO_DAY, 50, SIF_NO_DAY, 50};
    int64_t n_changes, all_dates[DATES];
    int64_t *const counts = guarded(2 * 3 * 5), *const cells = guarded(16), *const changes = guarded(16);
    reset();
    sif_codes groups = {.data = group, .size = 2, .kind = SIF_INT64}, grades = {.data = grade, .size = 4, .kind = SIF_INT64};
    sif_records records = {
        .n = 4, .provider = {.data = provider, .size = most + 1, .kind = SIF_INT64}, .inspected = inspected, .published = published};
    CHECK_STATUS(sif_count_as_at(&records, NULL, NULL, &groups, &grades, NULL, 2, dates, dates, counts, NULL), SIF_TOO_LARGE, -1, most + 1);
    CHECK_STATUS(sif_changes_as_at(&records, NULL, &groups, &grades, NULL, 2, dates, dates, &n_changes, cells, changes, NULL),
                 SIF_TOO_LARGE, -1, most + 1);
    records.provider.size = 2;
    groups.size = grades.size = most;
    CHECK_STATUS(sif_changes_as_at(&records, NULL, &groups, &grades, NULL, 2, dates, dates, &n_changes, cells, changes, NULL),
                 SIF_TOO_LARGE, -1, most);
    CHECK(n_changes == SIF_VOID && all_are(counts, 2 * 3 * 5, 0) && all_are(cells, 16, 0) && all_are(changes, 16, 0)); /* as they were */
    for (int64_t d = 0; d < DATES; d++)
        all_dates[d] = d;
    groups.size = grades.size = (int64_t)1 << 20;
    provider[0] = 1; /* not in order */
    CHECK_STATUS(
        sif_changes_as_at(&records, NULL, &groups, &grades, expires, DATES, all_dates, all_dates, &n_changes, cells, changes, NULL), SIF_OK,
        -1, 0);
    /* Published on day 3, all at once: of provider 1 row 3 is in force, until it expires after day 50, and of provider 0 row 1 likewise. */
    const int64_t of_group = DATES * (grades.size + 1), stride = grades.size + 1;
    CHECK(n_changes > 0 && cells[0] == of_group + 3 * stride + 1 && changes[0] == 1);
    free_guarded(counts, 2 * 3 * 5);
    free_guarded(cells, 16);
    free_guarded(changes, 16);
}

/* Rows are fetched ahead of the walk, which goes backwards: what is no row is not. */
static void an_order_of_many_rows_that_names_none(void) {
    enum { N = 3000 };
    static const int64_t dates[] = {1, 2}, wrong[] = {-1, N, INT64_MIN, INT64_MAX};
    int64_t *const providers = allocate(N, sizeof *providers), *const rows = allocate(N, sizeof *rows),
                   *const days = allocate(N, sizeof *days);
    int8_t *const zeros = allocate(N, 1);
    for (int64_t i = 0; i < N; i++)
        providers[i] = rows[i] = i;
    const sif_records records = {.n = N, .provider = {.data = providers, .size = N, .kind = SIF_INT64}, .inspected = days};
    const sif_codes grades = {.data = zeros, .size = 1, .kind = SIF_INT8};
    int64_t counts[4];
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++)
        for (int64_t place = 0; place < N; place += 499) {
            rows[place] = wrong[w];
            CHECK_STATUS(sif_count_as_at(&records, rows, NULL, NULL, &grades, NULL, 2, dates, dates, counts, NULL), SIF_BAD_ROW, place,
                         wrong[w]);
            rows[place] = place;
        }
    free(providers);
    free(rows);
    free(days);
    free(zeros);
}

int main(void) {
    REPEAT(2000, count_as_at_holds);
    RUN(changes_keep_to_their_room);
    RUN(what_is_wrong_is_named);
    RUN(the_interrupt_check_is_asked_and_obeyed);
    RUN(sizes_near_and_past_all_bounds);
    RUN(an_order_of_many_rows_that_names_none);
    return report();
}
