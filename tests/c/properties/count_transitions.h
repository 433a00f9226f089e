/* What holds of sif_count_transitions: it counts pairs of records that follow each other, in pieces as in one, and names what is wrong. */
#include "histories.h"

/* order: the rows as they follow each other. */
static void naive_count_transitions(const histories *h, const int64_t *order, int grouped, int by_period, int64_t *counts) {
    const int64_t n_groups = grouped ? h->n_groups : 0, n_periods = by_period ? h->n_periods : 0, stride = h->n_grades + 1;
    int64_t *const kept = allocate(h->n, sizeof *kept), n = 0;
    for (int64_t j = 0; j < h->n; j++) {
        const int64_t i = order[j];
        if (!h->eligible[i])
            continue;
        if (n > 0 && h->provider[kept[n - 1]] == h->provider[i] && dated(h, kept[n - 1]) == dated(h, i))
            n--; /* of several on one day the last counts */
        kept[n++] = i;
    }
    for (int64_t k = 1; k < n; k++) {
        const int64_t before = kept[k - 1], i = kept[k];
        if (h->provider[before] != h->provider[i])
            continue;
        const int64_t group = !grouped || h->group[i] < 0 ? n_groups : h->group[i];
        const int64_t period = !by_period || h->period[i] < 0 ? n_periods : h->period[i];
        const int64_t from = h->grade[before] < 0 ? h->n_grades : h->grade[before], to = h->grade[i] < 0 ? h->n_grades : h->grade[i];
        counts[((group * (n_periods + 1) + period) * stride + from) * stride + to]++;
    }
    free(kept);
}

/* In two calls, for some providers each, whose counts add up. */
static sif_status count_by_providers(const histories *h, const sif_codes *groups, const sif_codes *periods, int64_t cells, int64_t *counts,
                                     const sif_interrupt_check *interrupt) {
    const int64_t all = h->records.provider.size, cut = random_below(all + 1);
    const sif_piece first = {.stop = cut, .of_providers = 1}, second = {.first = cut, .stop = all, .of_providers = 1};
    int64_t *const more = guarded(cells);
    sif_status status = sif_count_transitions(&h->records, NULL, &first, groups, periods, &h->grades, counts, interrupt);
    if (status.code == SIF_OK) {
        status = sif_count_transitions(&h->records, NULL, &second, groups, periods, &h->grades, more, interrupt);
        for (int64_t c = 0; c < cells; c++)
            counts[c] = status.code == SIF_OK ? counts[c] + more[c] : SIF_VOID;
    }
    free_guarded(more, cells);
    return status;
}

static void count_transitions_holds(void) {
    use_any_version();
    histories h = any_histories((int)random_below(DAY_KINDS));
    const int grouped = random_below(2) == 0, by_period = random_below(2) == 0;
    const int64_t cells = ((grouped ? h.n_groups : 0) + 1) * ((by_period ? h.n_periods : 0) + 1) * (h.n_grades + 1) * (h.n_grades + 1);
    int64_t *const order = any_order(&h), *const counts = guarded(cells), *const expected = guarded(cells);
    faults wrong = {0};
    const int64_t cut = random_below(2) == 0 ? 0 : random_below(h.n + 1); /* 0: counted in one */
    find_bad_records(&h, order, order != NULL || (cut > 0 && cut < h.n), 1, &wrong);
    find_bad_codes(&h, order, NULL, h.grade, h.n_grades, SIF_BAD_GRADE, &wrong);
    if (grouped)
        find_bad_codes(&h, order, NULL, h.group, h.n_groups, SIF_BAD_GROUP, &wrong);
    if (by_period)
        find_bad_codes(&h, order, NULL, h.period, h.n_periods, SIF_BAD_PERIOD, &wrong);
    memset(counts, 99, (size_t)cells * sizeof *counts); /* overwritten, not added to */
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const sif_codes *const groups = grouped ? &h.groups : NULL, *const periods = by_period ? &h.periods : NULL;
    sif_status status = {SIF_UNORDERED, -1, 0};
    if (order == NULL && cut == 0 && random_below(2) == 0)
        status = count_by_providers(&h, groups, periods, cells, counts, &interrupt);
    if (status.code == SIF_OK || status.code == SIF_INTERRUPTED) {
        /* what is wrong is that of the whole */
    } else if (cut == 0)
        status = sif_count_transitions(&h.records, order, NULL, groups, periods, &h.grades, counts, &interrupt);
    else {
        const sif_piece first = {.stop = cut}, second = {.first = cut, .stop = h.n};
        int64_t *const more = guarded(cells);
        status = sif_count_transitions(&h.records, order, &first, groups, periods, &h.grades, counts, &interrupt);
        if (status.code == SIF_OK) {
            status = sif_count_transitions(&h.records, order, &second, groups, periods, &h.grades, more, &interrupt);
            for (int64_t c = 0; c < cells; c++)
                counts[c] = status.code == SIF_OK ? counts[c] + more[c] : more[c];
        }
        free_guarded(more, cells);
    }
    const int stopped = was_interrupted(status, &left);
    CHECK(stopped || is_as_expected(status, &wrong));
    if (status.code != SIF_OK)
        CHECK(all_are(counts, cells, SIF_VOID));
    else {
        int64_t *const as_they_follow = allocate(h.n, sizeof *as_they_follow);
        sort_rows(&h, as_they_follow);
        naive_count_transitions(&h, as_they_follow, grouped, by_period, expected);
        free(as_they_follow);
        CHECK(memcmp(counts, expected, (size_t)cells * sizeof *counts) == 0);
    }
    free_guarded(counts, cells);
    free_guarded(expected, cells);
    free(order);
    free_histories(&h);
}
