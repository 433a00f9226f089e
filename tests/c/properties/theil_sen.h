/* What holds of sif_theil_sen: a slope of rank r is that of a pair, at most r pairs have a smaller one, and more than r one no larger. */
#include "trends.h"

/* Whether `slope` has rank `rank` among the slopes of the pairs of positions start .. stop - 1; NaN if there is no such rank. */
static int has_rank(const series *s, int64_t start, int64_t stop, double slope, int64_t rank) {
    int64_t pairs = 0, smaller = 0, equal = 0;
    for (int64_t a = start; a < stop; a++)
        for (int64_t b = a + 1; b < stop; b++) {
            const int64_t i = position(s, a), j = position(s, b);
            if (s->day[i] == s->day[j])
                continue;
            const double of_pair = (s->value[j] - s->value[i]) / (double)(s->day[j] - s->day[i]);
            pairs++;
            smaller += of_pair < slope;
            equal += of_pair == slope;
        }
    return rank < 0 || rank >= pairs ? isnan(slope) : smaller <= rank && rank < smaller + equal;
}

static void theil_sen_agrees_on(series *s) {
    const int64_t n_ranks = random_below(4), cells = s->n_groups * n_ranks;
    int64_t *const ranks = guarded(cells);
    double *const slopes = allocate(cells, sizeof *slopes);
    for (int64_t c = 0; c < cells; c++)
        ranks[c] = random_below(8) == 0 ? bad_code(s->n) : random_below(4) == 0 ? random_below(20) : random_below(s->n * s->n / 2 + 1);
    faults wrong = {0};
    find_bad_rows(s, 0, &wrong);
    find_bad_values(s, &wrong);
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const int64_t cut = random_below(s->n + 1);
    const sif_piece first = {.stop = cut}, second = {.first = cut, .stop = s->n};
    s->rows.piece = random_below(2) == 0 ? NULL : &first;
    sif_status status = sif_theil_sen(&s->rows, s->value, n_ranks, ranks, slopes, &interrupt);
    if (status.code == SIF_OK && s->rows.piece != NULL) {
        double *const of_first = allocate(cells, sizeof *of_first);
        memcpy(of_first, slopes, (size_t)cells * sizeof *slopes);
        s->rows.piece = &second;
        status = sif_theil_sen(&s->rows, s->value, n_ranks, ranks, slopes, &interrupt);
        for (int64_t c = 0; c < cells && status.code == SIF_OK; c++)
            if (!isnan(of_first[c])) {
                CHECK(isnan(slopes[c])); /* no group is in both */
                slopes[c] = of_first[c];
            }
        free(of_first);
    }
    s->rows.piece = NULL;
    const int stopped = was_interrupted(status, &left);
    CHECK(stopped || is_as_expected(status, &wrong));
    if (status.code != SIF_OK)
        CHECK(all_are_nan(slopes, cells));
    else
        for (int64_t group = 0; group < s->n_groups; group++) {
            int64_t start = 0, stop;
            while (start < s->n && s->group[position(s, start)] < group)
                start++;
            for (stop = start; stop < s->n && s->group[position(s, stop)] == group; stop++)
                ;
            for (int64_t r = 0; r < n_ranks; r++)
                CHECK(has_rank(s, start, stop, slopes[group * n_ranks + r], ranks[group * n_ranks + r]));
        }
    free_guarded(ranks, cells);
    free(slopes);
}

static void theil_sen_holds(void) {
    series s = any_series(random_below(16) == 0 ? random_below(200) : random_below(48), 1);
    theil_sen_agrees_on(&s);
    free_series(&s);
}
