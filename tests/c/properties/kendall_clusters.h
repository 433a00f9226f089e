/* What holds of sif_kendall_clusters: sums over all pairs of rows give the same, in pieces as in one, and what is wrong is named. */
#include "trends.h"

/* Adds what the rows at positions start .. stop - 1, a group, bring. Numbers are small: sums are exact. */
static void naive_clusters(const series *s, const int64_t *cluster, int64_t n_labels, int64_t start, int64_t stop, double *sums,
                           int64_t *n_clusters) {
    double *const brought = allocate(n_labels, sizeof *brought);
    int64_t *const rows_of = allocate(n_labels, sizeof *rows_of);
    for (int64_t a = start; a < stop; a++) {
        const int64_t i = position(s, a);
        int64_t in_time = 0, by_grade = 0;
        for (int64_t b = start; b < stop; b++) {
            const int64_t j = position(s, b);
            if (s->grade[j] < 0)
                continue;
            in_time += (s->day[j] < s->day[i]) - (s->day[j] > s->day[i]);
            by_grade += (s->grade[j] < s->grade[i]) - (s->grade[j] > s->grade[i]);
        }
        if (s->grade[i] < 0)
            continue;
        const double amount = (double)(in_time * by_grade);
        sums[0] += amount * amount;
        if (cluster[i] < 0) {
            sums[1] += amount * amount;
            ++*n_clusters;
        } else {
            brought[cluster[i]] += amount;
            *n_clusters += rows_of[cluster[i]]++ == 0;
        }
    }
    for (int64_t c = 0; c < n_labels; c++)
        sums[1] += brought[c] * brought[c];
    free(brought);
    free(rows_of);
}

static void kendall_clusters_holds(void) {
    series s = any_series(random_below(16) == 0 ? random_below(300) : random_below(48), 1);
    const int64_t n_labels = random_below(6), n_sums = s.n_groups * 2;
    int64_t *const cluster = random_codes(s.n, n_labels);
    spoil_codes(cluster, s.n, n_labels);
    const sif_codes clusters = coded_as_seen(cluster, s.n, n_labels);
    double *const sums = allocate(n_sums, sizeof *sums), *const expected = allocate(n_sums, sizeof *expected);
    int64_t *const n_clusters = guarded(s.n_groups), *const expected_n = guarded(s.n_groups);
    const int64_t before = random_below(3); /* added to */
    for (int64_t g = 0; g < s.n_groups; g++) {
        sums[2 * g] = sums[2 * g + 1] = expected[2 * g] = expected[2 * g + 1] = (double)before;
        n_clusters[g] = expected_n[g] = before;
    }
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const int64_t cut = random_below(s.n + 1);
    const sif_piece pieces[] = {{.stop = cut}, {.first = cut, .stop = s.n}};
    const int n_pieces = random_below(2) == 0 ? 1 : 2;
    sif_status status = {SIF_OK, -1, 0};
    for (int p = 0; p < n_pieces && status.code == SIF_OK; p++) {
        s.rows.piece = n_pieces == 1 ? NULL : &pieces[p];
        status = sif_kendall_clusters(&s.rows, &s.grades, &clusters, sums, n_clusters, &interrupt);
    }
    faults wrong = {0};
    find_bad_rows(&s, 1, &wrong);
    for (int64_t k = 0; k < s.n; k++) {
        const int64_t i = position(&s, k);
        if (i < 0 || i >= s.n)
            continue;
        if (s.grade[i] < -1 || s.grade[i] >= s.n_grades)
            add_fault(&wrong, BAD_CODES, k, SIF_BAD_GRADE, i, s.grade[i]);
        else if (cluster[i] < -1 || cluster[i] >= n_labels)
            add_fault(&wrong, BAD_CODES, k, SIF_BAD_PROVIDER, i, cluster[i]);
    }
    const int interrupted = was_interrupted(status, &left);
    CHECK(interrupted || is_as_expected(status, &wrong));
    if (status.code != SIF_OK)
        CHECK(all_are_nan(sums, n_sums) && all_are(n_clusters, s.n_groups, SIF_VOID));
    else {
        for (int64_t start = 0, stop; start < s.n; start = stop) {
            const int64_t group = s.group[position(&s, start)];
            for (stop = start + 1; stop < s.n && s.group[position(&s, stop)] == group; stop++)
                ;
            naive_clusters(&s, cluster, n_labels, start, stop, expected + 2 * group, expected_n + group);
        }
        for (int64_t c = 0; c < n_sums; c++)
            CHECK(sums[c] - expected[c] == 0);
        CHECK(memcmp(n_clusters, expected_n, (size_t)s.n_groups * sizeof *n_clusters) == 0);
    }
    free(sums);
    free(expected);
    free_guarded(n_clusters, s.n_groups);
    free_guarded(expected_n, s.n_groups);
    free_codes(&clusters);
    free(cluster);
    free_series(&s);
}
