/* sif_kendall_clusters against sums over all pairs. */
#include "properties/kendall_clusters.h"

static void by_hand(void) {
    /* On days 1, 2 and 3 grades 0, 1 and 2: the rows bring 4, 0 and 4. */
    const int8_t group[] = {0, 0, 0}, grade[] = {0, 1, 2}, cluster[] = {0, 1, 0};
    const int64_t days[] = {1, 2, 3};
    const sif_codes grades = {.data = grade, .size = 3, .kind = SIF_INT8}, clusters = {.data = cluster, .size = 2, .kind = SIF_INT8};
    const sif_dated rows = {.n = 3, .group = {.data = group, .size = 1, .kind = SIF_INT8}, .day = days};
    double sums[2] = {0, 0};
    int64_t n_clusters = 0;
    CHECK_STATUS(sif_kendall_clusters(&rows, &grades, &clusters, sums, &n_clusters, NULL), SIF_OK, -1, 0);
    CHECK(sums[0] == 32 && sums[1] == 64 && n_clusters == 2);
}

static void a_cluster_of_two_groups_is_one_in_each(void) {
    const int8_t group[] = {0, 0, 1, 1}, grade[] = {0, 1, 1, 0}, cluster[] = {0, 0, 0, -1};
    const int64_t days[] = {1, 2, 1, 2};
    const sif_codes grades = {.data = grade, .size = 2, .kind = SIF_INT8}, clusters = {.data = cluster, .size = 1, .kind = SIF_INT8};
    const sif_dated rows = {.n = 4, .group = {.data = group, .size = 2, .kind = SIF_INT8}, .day = days};
    double sums[4] = {0};
    int64_t n_clusters[2] = {0};
    CHECK_STATUS(sif_kendall_clusters(&rows, &grades, &clusters, sums, n_clusters, NULL), SIF_OK, -1, 0);
    CHECK(sums[0] == 2 && sums[1] == 4 && n_clusters[0] == 1);
    CHECK(sums[2] == 2 && sums[3] == 2 && n_clusters[1] == 2);
}

static void more_than_can_be_counted_is_refused(void) {
    const int8_t zero = 0;
    const int64_t day = 1, too_many = SIF_MOST_ROWS + 1, no_room = INT64_MAX;
    double sums[2] = {0, 0};
    int64_t n_clusters = 0;
    const sif_codes grades = {.data = &zero, .size = 4, .kind = SIF_INT8}, many = {.data = &zero, .size = 5000, .kind = SIF_INT8};
    const sif_codes clusters = {.data = &zero, .size = no_room, .kind = SIF_INT8};
    sif_dated rows = {.n = too_many, .group = {.data = &zero, .size = 1, .kind = SIF_INT8}, .day = &day};
    CHECK_STATUS(sif_kendall_clusters(&rows, &grades, &grades, sums, &n_clusters, NULL), SIF_TOO_LARGE, -1, too_many);
    rows.n = 1;
    CHECK_STATUS(sif_kendall_clusters(&rows, &many, &grades, sums, &n_clusters, NULL), SIF_TOO_LARGE, -1, 5000);
    CHECK_STATUS(sif_kendall_clusters(&rows, &grades, &clusters, sums, &n_clusters, NULL), SIF_TOO_LARGE, -1, no_room);
    rows.group.size = no_room;
    CHECK_STATUS(sif_kendall_clusters(&rows, &grades, &grades, sums, &n_clusters, NULL), SIF_TOO_LARGE, -1, no_room);
    CHECK(sums[0] == 0 && sums[1] == 0 && n_clusters == 0);
}

static void a_day_that_is_none_is_refused_and_nothing_is_told(void) {
    const int8_t zero = 0;
    const int64_t day = INT64_MAX;
    double sums[2] = {0, 0};
    int64_t n_clusters = 0;
    const sif_codes codes = {.data = &zero, .size = 1, .kind = SIF_INT8};
    const sif_dated rows = {.n = 1, .group = codes, .day = &day};
    CHECK_STATUS(sif_kendall_clusters(&rows, &codes, &codes, sums, &n_clusters, NULL), SIF_BAD_DAY, 0, day);
    CHECK(all_are_nan(sums, 2) && n_clusters == SIF_VOID);
}

static void the_interrupt_check_is_asked_and_obeyed(void) {
    const int64_t n = SIF_ROWS_PER_CHECK + 5;
    int8_t *const same = allocate(n, 1);
    int64_t *const days = allocate(n, sizeof *days);
    const sif_codes codes = {.data = same, .size = 1, .kind = SIF_INT8};
    const sif_dated rows = {.n = n, .group = codes, .day = days};
    for (int64_t stop_at = 1; stop_at <= 2; stop_at++) { /* as rows are read and added up */
        double sums[2] = {0, 0};
        int64_t n_clusters = 0;
        test_interrupt left = {0, stop_at};
        const sif_interrupt_check interrupt = {ask, &left};
        CHECK_STATUS(sif_kendall_clusters(&rows, &codes, &codes, sums, &n_clusters, &interrupt), SIF_INTERRUPTED, -1, 0);
        CHECK(left.asked == stop_at && all_are_nan(sums, 2) && n_clusters == SIF_VOID);
    }
    free(same);
    free(days);
}

int main(void) {
    REPEAT(2000, kendall_clusters_holds);
    RUN(by_hand);
    RUN(a_cluster_of_two_groups_is_one_in_each);
    RUN(more_than_can_be_counted_is_refused);
    RUN(a_day_that_is_none_is_refused_and_nothing_is_told);
    RUN(the_interrupt_check_is_asked_and_obeyed);
    return report();
}
