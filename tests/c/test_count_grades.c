/* sif_count_grades against counting row by row. */
#include "properties/count_grades.h"

static void naive(int64_t n, const int64_t *groups, const int64_t *grades, int64_t n_groups, int64_t n_grades, int64_t *counts) {
    for (int64_t i = 0; i < n; i++) {
        const int64_t group = groups == NULL || groups[i] < 0 ? n_groups : groups[i];
        const int64_t grade = grades[i] < 0 ? n_grades : grades[i];
        counts[group * (n_grades + 1) + grade]++;
    }
}

static void agree_on(int64_t n, int64_t n_groups, int64_t n_grades, int grouped) {
    int64_t *const groups = random_codes(n, n_groups), *const grades = random_codes(n, n_grades);
    const sif_codes of_group = n_groups > 100 ? coded(groups, n, n_groups, SIF_INT32) : coded_somehow(groups, n, n_groups);
    const sif_codes of_grade = n_grades > 100 ? coded(grades, n, n_grades, SIF_INT64) : coded_somehow(grades, n, n_grades);
    const int64_t cells = ((grouped ? n_groups : 0) + 1) * (n_grades + 1);
    int64_t *const counts = guarded(cells), *const expected = guarded(cells);
    naive(n, grouped ? groups : NULL, grades, grouped ? n_groups : 0, n_grades, expected);
    CHECK_STATUS(sif_count_grades(n, grouped ? &of_group : NULL, &of_grade, counts, NULL), SIF_OK, -1, 0);
    CHECK(memcmp(counts, expected, (size_t)cells * sizeof *counts) == 0);
    free_guarded(counts, cells);
    free_guarded(expected, cells);
    free_codes(&of_group);
    free_codes(&of_grade);
    free(groups);
    free(grades);
}

static void by_hand(void) {
    const int8_t grades[] = {3, 2, -1, 3, 0};
    const uint16_t groups[] = {0, 0, 1, 65535, 1};
    const uint8_t bitmap[] = {0x00, 0x78, 0xFF}; /* bits 11 .. 15: rows 0 and 1, not 2 ... */
    const sif_codes of_grade = {.data = grades, .size = 4, .kind = SIF_INT8};
    const sif_codes of_group = {.data = groups, .validity = bitmap, .validity_offset = 11, .size = 2, .kind = SIF_UINT16};
    int64_t counts[15] = {0};
    /* Bits 11 .. 14 are set, bit 15 is not: row 3, whose group is 65535, is not missing. */
    CHECK_STATUS(sif_count_grades(5, &of_group, &of_grade, counts, NULL), SIF_BAD_GROUP, 3, 65535);
    CHECK(all_are(counts, 15, SIF_VOID));
    memset(counts, 0, sizeof counts);
    CHECK_STATUS(sif_count_grades(3, &of_group, &of_grade, counts, NULL), SIF_OK, -1, 0);
    const int64_t expected[15] = {0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0};
    CHECK(memcmp(counts, expected, sizeof counts) == 0);
    memset(counts, 0, sizeof counts);
    CHECK_STATUS(sif_count_grades(5, NULL, &of_grade, counts, NULL), SIF_OK, -1, 0);
    const int64_t ungrouped[5] = {1, 0, 1, 2, 1};
    CHECK(memcmp(counts, ungrouped, sizeof ungrouped) == 0);
}

static void many_rows(void) {
    const int64_t sizes[][3] = {{20480, 1, 4},       {20481, 99, 4},  {50000, 305, 4}, {50000, 306, 4}, {21000, 30000, 4},
                                {600000, 140000, 1}, {30000, 3, 127}, {30000, 3, 128}, {30000, 0, 900}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int again = 0; again < 4; again++)
            agree_on(sizes[i][0], sizes[i][1], sizes[i][2], again != 0);
}

static void nothing(void) {
    int64_t *const counts = guarded(1);
    const sif_codes none = {.data = NULL, .size = 0, .kind = SIF_INT8};
    CHECK_STATUS(sif_count_grades(0, NULL, &none, counts, NULL), SIF_OK, -1, 0);
    CHECK_STATUS(sif_count_grades(0, &none, &none, counts, NULL), SIF_OK, -1, 0);
    CHECK(counts[0] == 0);
    const int8_t zero = 0;
    const sif_codes of_nothing = {.data = &zero, .size = 0, .kind = SIF_INT8};
    CHECK_STATUS(sif_count_grades(1, NULL, &of_nothing, counts, NULL), SIF_BAD_GRADE, 0, 0);
    CHECK(counts[0] == SIF_VOID);
    free_guarded(counts, 1);
}

static void pieces_add_up(void) {
    const int64_t n = 5000, cells = 11 * 5;
    int64_t *const groups = random_codes(n, 10), *const grades = random_codes(n, 4);
    int64_t *const counts = guarded(cells), *const expected = guarded(cells);
    naive(n, groups, grades, 10, 4, expected);
    for (int64_t start = 0, stop; start < n; start = stop) {
        stop = start + 1 + random_below(n - start);
        const sif_codes of_group = coded_somehow(groups + start, stop - start, 10);
        const sif_codes of_grade = coded_somehow(grades + start, stop - start, 4);
        CHECK_STATUS(sif_count_grades(stop - start, &of_group, &of_grade, counts, NULL), SIF_OK, -1, 0);
        free_codes(&of_group);
        free_codes(&of_grade);
    }
    CHECK(memcmp(counts, expected, (size_t)cells * sizeof *counts) == 0);
    free_guarded(counts, cells);
    free_guarded(expected, cells);
    free(groups);
    free(grades);
}

/* In every kind, at every place of a block, just outside and far outside; memory ends with the last row, so that a sanitizer sees more. */
static void bad_codes_are_named(void) {
    const int64_t outside[] = {4, 5, 127, -2, -128};
    for (int kind = SIF_INT8; kind <= SIF_UINT64; kind++)
        for (size_t which = 0; which < sizeof outside / sizeof *outside; which++)
            for (int64_t row = 0; row < 2100; row += row < 40 || row > 1000 ? 1 : 31) {
                if (row > 1060 && row < 2030)
                    row = 2030;
                int64_t *const values = allocate(2100, sizeof *values);
                values[row] = outside[which];
                const sif_codes bad = coded(values, row + 1, 4, (sif_kind)kind), all = coded(values, 2100, 4, (sif_kind)kind);
                values[row] = 0;
                const sif_codes good = coded(values, 2100, 4, SIF_INT8);
                /* A negative number is a large one in a kind without sign; past INT64_MAX it comes out as the least. */
                const int64_t masks[] = {0, 0, 0, 0, 0xFF, 0xFFFF, 0xFFFFFFFF, 0};
                int64_t value = masks[kind] != 0 ? outside[which] & masks[kind] : outside[which];
                if (kind == SIF_UINT64 && value < 0)
                    value = INT64_MIN;
                int64_t *const counts = guarded(25);
                CHECK_STATUS(sif_count_grades(row + 1, NULL, &bad, counts, NULL), SIF_BAD_GRADE, row, value);
                CHECK(all_are(counts, 5, SIF_VOID));
                CHECK(all_are(counts + 5, 20, 0));
                CHECK_STATUS(sif_count_grades(2100, &all, &good, counts, NULL), SIF_BAD_GROUP, row, value);
                CHECK(all_are(counts, 25, SIF_VOID));
                free_guarded(counts, 25);
                free_codes(&bad);
                free_codes(&all);
                free_codes(&good);
                free(values);
            }
}

/* Which group has most rows, if any, changes from stretch to stretch, or is hidden from who looks at a few rows. */
static void any_order_counts_alike(void) {
    enum { N = (1 << 18) + (1 << 16) + 77, GROUPS = 40, CELLS = (GROUPS + 1) * 5 };
    int64_t *const groups = allocate(N, sizeof *groups), *const grades = random_codes(N, 4);
    uint8_t *const bitmap = allocate(N / 8 + 1, 1);
    memset(bitmap, 0xFF, N / 8 + 1);
    const sif_codes of_grade = coded(grades, N, 4, SIF_INT8);
    for (int order = 0; order < 5; order++) {
        for (int64_t i = 0; i < N; i++) {
            const int64_t in_turn[] = {i * GROUPS / N, i / 50000 % GROUPS, i / 700 % GROUPS, 3, random_below(GROUPS)};
            groups[i] = order == 3 && (i + 1) % (1 << 14) < 2 ? 4 + i / 3 % 30 : in_turn[order];
        }
        int64_t *const expected = guarded(CELLS);
        naive(N, groups, grades, GROUPS, 4, expected);
        for (int which = 0; which < 4; which++) {
            sif_codes of_group = coded(groups, N, GROUPS, (const sif_kind[]){SIF_INT8, SIF_INT32, SIF_UINT16, SIF_INT64}[which]);
            of_group.validity = which == 2 ? bitmap : NULL;
            int64_t *const counts = guarded(CELLS);
            CHECK_STATUS(sif_count_grades(N, &of_group, &of_grade, counts, NULL), SIF_OK, -1, 0);
            CHECK(memcmp(counts, expected, CELLS * sizeof *counts) == 0);
            free_guarded(counts, CELLS);
            of_group.validity = NULL;
            free_codes(&of_group);
        }
        free_guarded(expected, CELLS);
    }
    free_codes(&of_grade);
    free(bitmap);
    free(groups);
    free(grades);
}

static void tables_past_all_bounds_are_refused(void) {
    const int8_t zero = 0;
    int64_t *const counts = guarded(1);
    const int64_t sizes[][2] = {{UINT32_MAX, 4}, {4, UINT32_MAX}, {1 << 16, 1 << 16}, {INT64_MAX, INT64_MAX}, {-1, 4}, {4, -1}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const sif_codes groups = {.data = &zero, .size = sizes[i][0], .kind = SIF_INT8};
        const sif_codes grades = {.data = &zero, .size = sizes[i][1], .kind = SIF_INT8};
        CHECK_STATUS(sif_count_grades(1, &groups, &grades, counts, NULL), SIF_TOO_LARGE, -1, sizes[i][0]);
        CHECK(counts[0] == 0); /* nothing is written where the size of the output is not known */
    }
    free_guarded(counts, 1);
}

static void the_interrupt_check_is_asked_and_obeyed(void) {
    const int64_t n = 3 * SIF_ROWS_PER_CHECK + 5;
    int8_t *const zeros = allocate(n, 1);
    const sif_codes grades = {.data = zeros, .size = 4, .kind = SIF_INT8};
    for (int64_t stop_at = 0; stop_at <= 3; stop_at++) {
        test_interrupt left = {0, stop_at};
        const sif_interrupt_check interrupt = {ask, &left};
        int64_t *const counts = guarded(5);
        const sif_status status = sif_count_grades(n, NULL, &grades, counts, &interrupt);
        CHECK(status.code == (stop_at == 0 ? SIF_OK : SIF_INTERRUPTED));
        CHECK(stop_at == 0 ? counts[0] == n && left.asked >= 3 : left.asked == stop_at && all_are(counts, 5, SIF_VOID));
        free_guarded(counts, 5);
    }
    free(zeros);
}

/* Codes of each kind, with and without a bitmap, in tables whose cells take 16 bits and 32. */
static void every_kind_counts_alike(void) {
    enum { N = 3000 };
    uint8_t bitmap[N / 8];
    memset(bitmap, 0xFF, sizeof bitmap);
    bitmap[0] = 0xFE; /* the first row is missing */
    const int64_t sizes[] = {90, 30000};
    int64_t *const groups = allocate(N, sizeof *groups), *const grades = random_codes(N, 4);
    const sif_codes of_grade = coded(grades, N, 4, SIF_INT8);
    for (int kind = SIF_INT8; kind <= SIF_UINT64; kind++)
        for (int which = 0; which < 4; which++) {
            const int64_t n_groups = sizes[which % 2], cells = (n_groups + 1) * 5;
            const int is_masked = which / 2;
            for (int64_t i = 0; i < N; i++)
                groups[i] = random_below(90);
            sif_codes of_group = coded(groups, N, n_groups, (sif_kind)kind);
            if (is_masked)
                groups[0] = -1;
            of_group.validity = is_masked ? bitmap : NULL;
            int64_t *const counts = guarded(cells), *const expected = guarded(cells);
            naive(N, groups, grades, n_groups, 4, expected);
            CHECK_STATUS(sif_count_grades(N, &of_group, &of_grade, counts, NULL), SIF_OK, -1, 0);
            CHECK(memcmp(counts, expected, (size_t)cells * sizeof *counts) == 0);
            free_guarded(counts, cells);
            free_guarded(expected, cells);
            of_group.validity = NULL;
            free_codes(&of_group);
        }
    free_codes(&of_grade);
    free(groups);
    free(grades);
}

/* Without a bitmap nothing is missing in a kind without sign. */
static void all_ones_are_a_code_of_kinds_without_sign(void) {
    const int64_t values[] = {0, -1, 1}, zeros[] = {0, 0, 0}, shown[] = {UINT8_MAX, UINT16_MAX, UINT32_MAX, INT64_MIN};
    const sif_codes good = coded(zeros, 3, 4, SIF_INT8);
    for (int kind = SIF_UINT8; kind <= SIF_UINT64; kind++) {
        const sif_codes bad = coded(values, 3, 4, (sif_kind)kind);
        int64_t *const counts = guarded(25);
        CHECK_STATUS(sif_count_grades(3, NULL, &bad, counts, NULL), SIF_BAD_GRADE, 1, shown[kind - SIF_UINT8]);
        CHECK_STATUS(sif_count_grades(3, &bad, &good, counts, NULL), SIF_BAD_GROUP, 1, shown[kind - SIF_UINT8]);
        CHECK(all_are(counts, 25, SIF_VOID));
        free_guarded(counts, 25);
        free_codes(&bad);
    }
    free_codes(&good);
}

static void more_grades_than_their_kind_can_name(void) {
    enum { N = 1000 };
    int64_t grades[N];
    for (sif_kind kind = SIF_INT8; kind <= SIF_UINT64; kind++) {
        for (int64_t i = 0; i < N; i++)
            grades[i] = i % 101 - (kind < SIF_UINT8);
        const sif_codes of_grade = coded(grades, N, 200, kind);
        int64_t *const counts = guarded(201), *const expected = guarded(201);
        naive(N, NULL, grades, 0, 200, expected);
        CHECK_STATUS(sif_count_grades(N, NULL, &of_grade, counts, NULL), SIF_OK, -1, 0);
        CHECK(memcmp(counts, expected, 201 * sizeof *counts) == 0);
        const sif_codes too_many = {.data = of_grade.data, .size = UINT32_MAX, .kind = kind};
        CHECK_STATUS(sif_count_grades(N, NULL, &too_many, counts, NULL), SIF_TOO_LARGE, -1, UINT32_MAX);
        free_guarded(counts, 201);
        free_guarded(expected, 201);
        free_codes(&of_grade);
    }
}

int main(void) {
    REPEAT(2000, count_grades_holds);
    EACH_VERSION {
        RUN(by_hand);
        RUN(many_rows);
        RUN(nothing);
        RUN(every_kind_counts_alike);
        RUN(all_ones_are_a_code_of_kinds_without_sign);
        RUN(more_grades_than_their_kind_can_name);
        RUN(pieces_add_up);
        RUN(any_order_counts_alike);
        RUN(bad_codes_are_named);
        RUN(tables_past_all_bounds_are_refused);
        RUN(the_interrupt_check_is_asked_and_obeyed);
    }
    return report();
}
