/* What holds of sif_order_records: a row comes strictly before the next, all rows are there, and what is wrong is named. */
#include "histories.h"

static void order_records_agrees_on(const histories *h) {
    int64_t *const order = guarded(h->n);
    int already = -1, in_order = 1, rises = 1;
    faults wrong = {0};
    find_bad_records(h, NULL, 0, 0, &wrong);
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const sif_status status = sif_order_records(&h->records, order, &already, &interrupt);
    const int stopped = was_interrupted(status, &left);
    CHECK(stopped || is_as_expected(status, &wrong));
    if (status.code != SIF_OK)
        CHECK(all_are(order, h->n, SIF_VOID));
    else {
        /* Rising strictly, no row comes twice; n that exist then are all. */
        for (int64_t j = 0; j < h->n; j++) {
            CHECK(order[j] >= 0 && order[j] < h->n);
            rises &= j == 0 || comes_before(h, order[j - 1], order[j]);
            in_order &= order[j] == j;
        }
        CHECK(rises);
        CHECK(already == in_order);
    }
    free_guarded(order, h->n);
}

static void order_records_holds(void) {
    use_any_version();
    histories h = any_histories((int)random_below(DAY_KINDS));
    order_records_agrees_on(&h);
    free_histories(&h);
}
