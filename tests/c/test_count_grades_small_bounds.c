/* sif_count_grades on more rows than it may count before its counters of 16 and of 32 bits are emptied. */
#include "check.h"

enum { GRADES = 4, FEW_GROUPS = 3, MANY_GROUPS = 700 /* one table, of 32 bits */ };

static void counters_are_emptied_in_time(void) {
    const int64_t n = 2050 * SIF_ROWS_PER_CHECK + 7;
    int16_t *const group = allocate(n, 2);
    int8_t *const grade = allocate(n, 1);
    for (int16_t n_groups = FEW_GROUPS; n_groups <= MANY_GROUPS; n_groups += MANY_GROUPS - FEW_GROUPS) {
        int64_t expected[(MANY_GROUPS + 1) * (GRADES + 1)] = {0}, counts[(MANY_GROUPS + 1) * (GRADES + 1)] = {0};
        for (int64_t i = 0; i < n; i++) {
            group[i] = (int16_t)(i % n_groups);
            grade[i] = (int8_t)(i / 7 % GRADES);
            expected[group[i] * (GRADES + 1) + grade[i]]++;
        }
        const sif_codes groups = {.data = group, .size = n_groups, .kind = SIF_INT16};
        const sif_codes grades = {.data = grade, .size = GRADES, .kind = SIF_INT8};
        CHECK_STATUS(sif_count_grades(n, &groups, &grades, counts, NULL), SIF_OK, -1, 0);
        CHECK(memcmp(counts, expected, sizeof counts) == 0);
    }
    free(group);
    free(grade);
}

int main(void) {
    EACH_VERSION RUN(counters_are_emptied_in_time);
    return report();
}
