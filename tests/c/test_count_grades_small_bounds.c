/* sif_count_grades on more rows than it may count before its counters of 32 bits are emptied. */
#include "check.h"

enum { GROUPS = 3, GRADES = 4, CELLS = (GROUPS + 1) * (GRADES + 1) };

static void counters_are_emptied_in_time(void) {
    const int64_t n = 2050 * SIF_WATCH_ROWS + 7;
    int8_t *const group = allocate(n, 1), *const grade = allocate(n, 1);
    int64_t expected[CELLS] = {0}, counts[CELLS] = {0};
    for (int64_t i = 0; i < n; i++) {
        group[i] = (int8_t)(i % GROUPS);
        grade[i] = (int8_t)(i / 7 % GRADES);
        expected[group[i] * (GRADES + 1) + grade[i]]++;
    }
    const sif_codes groups = {.data = group, .size = GROUPS, .kind = SIF_INT8}, grades = {.data = grade, .size = GRADES, .kind = SIF_INT8};
    CHECK_STATUS(sif_count_grades(n, &groups, &grades, counts, NULL), SIF_OK, -1, 0);
    CHECK(memcmp(counts, expected, sizeof counts) == 0);
    free(group);
    free(grade);
}

int main(void) {
    EACH_VERSION RUN(counters_are_emptied_in_time);
    return report();
}
