/* sif_order_records: every row strictly before the next. */
#include "properties/order_records.h"

/* Provider, day and publication of 17 + 64 + 64 bits: several words a record. */
static void wide_keys(void) {
    for (int kind = 0; kind < DAY_KINDS; kind++) {
        histories h = random_histories(3000, 100000, kind);
        order_records_agrees_on(&h);
        free_histories(&h);
    }
}

/* Enough words that they fall into several buckets, and that one provider's take the wider digits. */
static void many_records(void) {
    const int64_t n = 40000;
    const int64_t of[] = {1, 3, 1000, 100000};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        histories h = random_histories(n, of[i], 1);
        int64_t *const order = guarded(n);
        int already, rises = 1;
        CHECK_STATUS(sif_order_records(&h.records, order, &already, NULL), SIF_OK, -1, 0);
        for (int64_t j = 1; j < n; j++) {
            const int64_t a = order[j - 1], b = order[j];
            rises &= h.provider[a] < h.provider[b] || (h.provider[a] == h.provider[b] && is_before(&h, a, b));
        }
        CHECK(rises && !already); /* no two are equal: every row is there once */
        free_guarded(order, n);
        free_histories(&h);
    }
}

static void bad_records_are_named(void) {
    const int64_t inspected[] = {1, 2, SIF_NO_DAY, 4};
    const int8_t providers[] = {0, 1, 0, 2};
    sif_records records = {.n = 4, .provider = {.data = providers, .size = 3, .kind = SIF_INT8}, .inspected = inspected};
    int64_t *const order = guarded(4);
    int already;
    CHECK_STATUS(sif_order_records(&records, order, &already, NULL), SIF_NO_DATE, 2, 0);
    CHECK(all_are(order, 4, SIF_VOID));
    records.provider.size = 1;
    CHECK_STATUS(sif_order_records(&records, order, &already, NULL), SIF_BAD_PROVIDER, 1, 1);
    CHECK(all_are(order, 4, SIF_VOID));
    records.provider.size = 0;
    CHECK_STATUS(sif_order_records(&records, order, &already, NULL), SIF_BAD_PROVIDER, 0, 0);
    free_guarded(order, 4);
}

static void the_interrupt_check_is_asked_and_obeyed(void) {
    const int64_t n = 2 * SIF_ROWS_PER_CHECK;
    int64_t *const inspected = allocate(n, sizeof *inspected), *const order = guarded(n);
    int8_t *const zeros = allocate(n, 1);
    for (int64_t i = 0; i < n; i++)
        inspected[i] = -i;
    const sif_records records = {.n = n, .provider = {.data = zeros, .size = 1, .kind = SIF_INT8}, .inspected = inspected};
    int already;
    test_interrupt left = {0, 0};
    const sif_interrupt_check interrupt = {ask, &left};
    CHECK_STATUS(sif_order_records(&records, order, &already, &interrupt), SIF_OK, -1, 0);
    CHECK(order[0] == n - 1 && order[n - 1] == 0 && !already);
    const int64_t times = left.asked;
    CHECK(times >= 2);
    for (int64_t stop_at = 1; stop_at <= times; stop_at++) {
        left = (test_interrupt){0, stop_at};
        CHECK_STATUS(sif_order_records(&records, order, &already, &interrupt), SIF_INTERRUPTED, -1, 0);
        CHECK(left.asked == stop_at && all_are(order, n, SIF_VOID));
    }
    free_guarded(order, n);
    free(inspected);
    free(zeros);
}

static void more_providers_than_can_be_told_apart_are_refused(void) {
    const int64_t day = 1, too_many = (int64_t)INT32_MAX + 1;
    const int8_t zero = 0;
    const sif_records records = {.n = 1, .provider = {.data = &zero, .size = too_many, .kind = SIF_INT8}, .inspected = &day};
    int64_t order = 7;
    int already;
    CHECK_STATUS(sif_order_records(&records, &order, &already, NULL), SIF_TOO_LARGE, -1, too_many);
    CHECK(order == 7); /* as it was */
}

int main(void) {
    REPEAT(2000, order_records_holds);
    EACH_VERSION {
        RUN(many_records);
        RUN(wide_keys);
    }
    RUN(bad_records_are_named);
    RUN(the_interrupt_check_is_asked_and_obeyed);
    RUN(more_providers_than_can_be_told_apart_are_refused);
    return report();
}
