/* What holds of sif_spells: it finds the spells that two plain passes find, and names what is wrong. */
#include "histories.h"

static int64_t end_of_provider(const histories *h, int64_t provider, int64_t until) {
    return h->closed[provider] != SIF_NO_DAY && h->closed[provider] < until ? h->closed[provider] : until;
}

static int64_t day_it_counts_from(const histories *h, int64_t i) {
    const int64_t opened = h->opened[h->provider[i]];
    return opened > dated(h, i) ? opened : dated(h, i);
}

static int takes_part(const histories *h, int64_t i, int64_t until) {
    return h->eligible[i] && h->grade[i] >= 0 && day_it_counts_from(h, i) <= until;
}

static int64_t naive_spells(const histories *h, const int64_t *order, int64_t until, int64_t *rows, int64_t *ended_by, int64_t *start,
                            int64_t *end) {
    int64_t *const kept = allocate(h->n, sizeof *kept), n = 0, spells = 0;
    for (int64_t j = 0; j < h->n; j++) {
        const int64_t i = order != NULL ? order[j] : j;
        if (!takes_part(h, i, until))
            continue;
        if (n > 0 && h->provider[kept[n - 1]] == h->provider[i] && day_it_counts_from(h, kept[n - 1]) == day_it_counts_from(h, i))
            n--; /* of several that count from one day the last counts */
        kept[n++] = i;
    }
    for (int64_t k = 0, next; k < n; k = next) {
        for (next = k + 1; next < n && h->provider[kept[next]] == h->provider[kept[k]] && h->grade[kept[next]] == h->grade[kept[k]]; next++)
            ;
        const int ended = next < n && h->provider[kept[next]] == h->provider[kept[k]];
        rows[spells] = kept[k];
        start[spells] = day_it_counts_from(h, kept[k]);
        ended_by[spells] = ended ? kept[next] : -1;
        end[spells] = ended ? day_it_counts_from(h, kept[next]) : end_of_provider(h, h->provider[kept[k]], until);
        spells++;
    }
    free(kept);
    return spells;
}

static void spells_holds(void) {
    use_any_version();
    const int kind = (int)random_below(DAY_KINDS);
    histories h = any_histories(kind);
    const int64_t until = random_below(4) == 0 ? INT64_MAX : random_day(kind);
    int64_t *const order = any_order(&h);
    int64_t *given[4], *expected[4], n_spells = 0;
    for (int k = 0; k < 4; k++) {
        given[k] = guarded(h.n);
        expected[k] = guarded(h.n);
    }
    faults wrong = {0};
    find_bad_records(&h, order, 1, 1, &wrong);
    find_bad_codes(&h, order, NULL, h.grade, h.n_grades, SIF_BAD_GRADE, &wrong);
    for (int64_t j = 0; j < h.n; j++) { /* grades and spans are checked row by row */
        const int64_t i = order != NULL ? order[j] : j;
        if (i >= 0 && i < h.n && h.provider[i] >= 0 && h.provider[i] < h.n_providers && takes_part(&h, i, until) &&
            h.grade[i] < h.n_grades && day_it_counts_from(&h, i) > end_of_provider(&h, h.provider[i], until))
            add_fault(&wrong, BAD_NUMBERS, j, SIF_BAD_SPAN, i, dated(&h, i));
    }
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const sif_status status =
        sif_spells(&h.records, order, &h.grades, until, &n_spells, given[0], given[1], given[2], given[3], &interrupt);
    const int stopped = was_interrupted(status, &left);
    CHECK(stopped || is_as_expected(status, &wrong));
    if (status.code != SIF_OK)
        CHECK(n_spells == SIF_VOID);
    else {
        CHECK(n_spells == naive_spells(&h, order, until, expected[0], expected[1], expected[2], expected[3]));
        for (int k = 0; k < 4 && n_spells > 0; k++)
            CHECK(memcmp(given[k], expected[k], (size_t)n_spells * sizeof *given[k]) == 0);
    }
    for (int k = 0; k < 4; k++) {
        free_guarded(given[k], h.n);
        free_guarded(expected[k], h.n);
    }
    free(order);
    free_histories(&h);
}
