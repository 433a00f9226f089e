/* What holds of sif_latest_as_at: it finds what looking at every record finds, and names the first eligible record that is faulty. */
#include "histories.h"

static void latest_as_at_holds(void) {
    use_any_version();
    const int kind = (int)random_below(DAY_KINDS);
    histories h = any_histories(kind);
    const int64_t date = random_day(kind), cutoff = random_day(kind);
    int64_t *const rows = guarded(h.n_providers), *const expected = guarded(h.n_providers);
    faults wrong = {0};
    for (int64_t i = 0; i < h.n; i++) {
        if (!h.eligible[i])
            continue;
        if (h.provider[i] < 0 || h.provider[i] >= h.n_providers)
            add_fault(&wrong, BAD_RECORDS, i, SIF_BAD_PROVIDER, i, h.provider[i]);
        else if (dated(&h, i) == SIF_NO_DAY)
            add_fault(&wrong, BAD_RECORDS, i, SIF_NO_DATE, i, 0);
    }
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const sif_status status = sif_latest_as_at(&h.records, date, cutoff, rows, &interrupt);
    const int stopped = was_interrupted(status, &left);
    CHECK(stopped || is_as_expected(status, &wrong));
    if (status.code != SIF_OK)
        CHECK(all_are(rows, h.n_providers, SIF_VOID));
    else {
        naive_latest(&h, date, cutoff, expected);
        CHECK(memcmp(rows, expected, (size_t)h.n_providers * sizeof *rows) == 0);
    }
    free_guarded(rows, h.n_providers);
    free_guarded(expected, h.n_providers);
    free_histories(&h);
}
