/* What holds of sif_count_as_at: it counts the latest record of every provider on every date, and names what is wrong; and of
 * sif_changes_as_at: its changes add up to these counts. */
#include "histories.h"

static void naive_count_as_at(const histories *h, int grouped, int expire, int64_t n_dates, const int64_t *dates, const int64_t *cutoffs,
                              int64_t *counts) {
    const int64_t n_groups = grouped ? h->n_groups : 0, stride = h->n_grades + 1;
    int64_t *const rows = allocate(h->n_providers, sizeof *rows);
    for (int64_t d = 0; d < n_dates; d++) {
        naive_latest(h, dates[d], cutoffs[d], rows);
        for (int64_t p = 0; p < h->n_providers; p++) {
            const int64_t i = rows[p];
            if (i < 0)
                continue;
            const int64_t group = !grouped || h->group[i] < 0 ? n_groups : h->group[i];
            const int expired = expire && h->expires[i] != SIF_NO_DAY && h->expires[i] < dates[d];
            const int64_t grade = h->grade[i] < 0 || expired ? h->n_grades : h->grade[i];
            counts[(d * (n_groups + 1) + group) * stride + grade]++;
        }
    }
    free(rows);
}

/* Days that do not decrease, but for a swap now and then. */
static int64_t *random_grid(int64_t n, int kind) {
    int64_t *const days = allocate(n, sizeof *days);
    for (int64_t d = 0; d < n; d++) {
        const int64_t day = random_day(kind);
        int64_t at = d;
        for (; at > 0 && days[at - 1] > day; at--)
            days[at] = days[at - 1];
        days[at] = day;
    }
    if (n > 0 && random_below(16) == 0)
        days[random_below(n)] = random_day(kind);
    return days;
}

static int64_t first_fall(const int64_t *days, int64_t n) {
    int64_t d = 1;
    while (d < n && days[d] >= days[d - 1])
        d++;
    return d;
}

/* Adds up changes, whose cells are groups x dates x grades, to counts of dates x groups x grades; returns whether cells rise and no change
 * is 0. */
static int add_up(int64_t n_changes, const int64_t *cells, const int64_t *changes, int64_t n_dates, int64_t n_groups, int64_t stride,
                  int64_t *counts) {
    int is_sound = 1;
    for (int64_t i = 0; i < n_changes; i++) {
        const int64_t grade = cells[i] % stride, date = cells[i] / stride % n_dates, group = cells[i] / stride / n_dates;
        is_sound &= changes[i] != 0 && (i == 0 || cells[i] > cells[i - 1]);
        for (int64_t d = date; d < n_dates; d++)
            counts[(d * (n_groups + 1) + group) * stride + grade] += changes[i];
    }
    return is_sound;
}

/* In one call, or in two whose counts add up: pieces of the rows, without an order only as long as the records turn out to lie so, or
 * pieces of the providers. What is wrong is that of the whole. */
static sif_status count_in_pieces(const histories *h, const int64_t *order, const sif_codes *groups, const int64_t *expires,
                                  int64_t n_dates, const int64_t *dates, const int64_t *cutoffs, int64_t *counts, int64_t size,
                                  const sif_interrupt_check *interrupt) {
    const int of_providers = order == NULL && random_below(2) == 0;
    const int64_t all = of_providers ? h->records.provider.size : h->n, cut = random_below(all + 1);
    const sif_piece pieces[] = {{.stop = cut, .of_providers = of_providers}, {.first = cut, .stop = all, .of_providers = of_providers}};
    if (random_below(2) == 0) {
        int64_t *const more = guarded(size);
        sif_status status =
            sif_count_as_at(&h->records, order, &pieces[0], groups, &h->grades, expires, n_dates, dates, cutoffs, counts, interrupt);
        if (status.code == SIF_OK)
            status = sif_count_as_at(&h->records, order, &pieces[1], groups, &h->grades, expires, n_dates, dates, cutoffs, more, interrupt);
        for (int64_t c = 0; c < size; c++)
            counts[c] = status.code == SIF_OK ? counts[c] + more[c] : SIF_VOID;
        free_guarded(more, size);
        if (status.code == SIF_OK || status.code == SIF_INTERRUPTED || (!of_providers && (status.code != SIF_UNORDERED || order != NULL)))
            return status;
    }
    return sif_count_as_at(&h->records, order, NULL, groups, &h->grades, expires, n_dates, dates, cutoffs, counts, interrupt);
}

static void count_as_at_holds(void) {
    use_any_version();
    const int kind = (int)random_below(DAY_KINDS);
    histories h = any_histories(kind);
    const int grouped = random_below(3) != 0, expire = random_below(2) == 0;
    const int64_t n_dates = random_below(8), size = n_dates * ((grouped ? h.n_groups : 0) + 1) * (h.n_grades + 1);
    int64_t *const dates = random_grid(n_dates, kind), *const cutoffs = random_grid(n_dates, random_below(4) == 0 ? MANY_DAYS : kind);
    int64_t *const order = any_order(&h), *const counts = guarded(size), *const expected = guarded(size);
    faults wrong = {0};
    const int64_t of_dates = first_fall(dates, n_dates), of_cutoffs = first_fall(cutoffs, n_dates);
    if (of_dates < n_dates)
        add_fault(&wrong, BAD_NUMBERS, 0, SIF_BAD_GRID, of_dates, dates[of_dates]);
    else if (of_cutoffs < n_dates)
        add_fault(&wrong, BAD_NUMBERS, 0, SIF_BAD_GRID, of_cutoffs, cutoffs[of_cutoffs]);
    else if (n_dates > 0) {
        find_bad_records(&h, order, order != NULL, 0, &wrong);
        find_bad_codes(&h, order, h.eligible, h.grade, h.n_grades, SIF_BAD_GRADE, &wrong);
        if (grouped)
            find_bad_codes(&h, order, h.eligible, h.group, h.n_groups, SIF_BAD_GROUP, &wrong);
    }
    memset(counts, 99, (size_t)size * sizeof *counts); /* overwritten, not added to */
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const sif_codes *const groups = grouped ? &h.groups : NULL;
    const int64_t *const expires = expire ? h.expires : NULL;
    sif_status status;
    if (random_below(2) == 0)
        status = count_in_pieces(&h, order, groups, expires, n_dates, dates, cutoffs, counts, size, &interrupt);
    else {
        const int64_t room = (expire ? 4 : 2) * h.n;
        int64_t n_changes = 99, *const cells = guarded(room), *const changes = guarded(room);
        status = sif_changes_as_at(&h.records, order, groups, &h.grades, expires, n_dates, dates, cutoffs, &n_changes, cells, changes,
                                   &interrupt);
        memset(counts, status.code == SIF_OK ? 0 : -1, (size_t)size * sizeof *counts);
        if (status.code != SIF_OK)
            CHECK(n_changes == SIF_VOID && all_are(cells, room, SIF_VOID) && all_are(changes, room, SIF_VOID));
        else
            CHECK(add_up(n_changes, cells, changes, n_dates, grouped ? h.n_groups : 0, h.n_grades + 1, counts));
        free_guarded(cells, room);
        free_guarded(changes, room);
    }
    const int stopped = was_interrupted(status, &left);
    CHECK(stopped || is_as_expected(status, &wrong));
    if (status.code != SIF_OK)
        CHECK(all_are(counts, size, SIF_VOID));
    else {
        naive_count_as_at(&h, grouped, expire, n_dates, dates, cutoffs, expected);
        CHECK(memcmp(counts, expected, (size_t)size * sizeof *counts) == 0);
    }
    free_guarded(counts, size);
    free_guarded(expected, size);
    free(order);
    free(dates);
    free(cutoffs);
    free_histories(&h);
}
