/* sif_count_as_at on more records than it may walk before its counters of 32 bits are emptied. */
#include "check.h"

enum { N = 6000, OF_EACH = 5, PROVIDERS = N / OF_EACH, GRADES = 3, DATES = OF_EACH };

static void counters_are_emptied_in_time(void) {
    static int64_t provider[N], inspected[N];
    static int8_t grade[N];
    int64_t dates[DATES], counts[DATES * (GRADES + 1)] = {0}, expected[DATES * (GRADES + 1)] = {0};
    for (int64_t i = 0; i < N; i++) {
        provider[i] = i / OF_EACH;
        inspected[i] = i % OF_EACH; /* on each date the record of that day is in force */
        grade[i] = (int8_t)(random_below(GRADES + 1) - 1);
        expected[inspected[i] * (GRADES + 1) + (grade[i] < 0 ? GRADES : grade[i])]++;
    }
    for (int64_t d = 0; d < DATES; d++)
        dates[d] = d;
    const sif_records records = {.n = N, .provider = {.data = provider, .size = PROVIDERS, .kind = SIF_INT64}, .inspected = inspected};
    const sif_codes grades = {.data = grade, .size = GRADES, .kind = SIF_INT8};
    CHECK_STATUS(sif_count_as_at(&records, NULL, NULL, NULL, &grades, NULL, DATES, dates, dates, counts, NULL), SIF_OK, -1, 0);
    CHECK(memcmp(counts, expected, sizeof counts) == 0);
}

int main(void) {
    EACH_VERSION RUN(counters_are_emptied_in_time);
    return report();
}
