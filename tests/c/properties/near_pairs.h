/* What holds of sif_near_pairs: it finds the pairs that looking at every two rows finds, each once, and no more than there is room for. */
#include "histories.h"

/* Days of some kind, and few providers or many, of which some are missing. */
static int64_t any_provider_days(int kind, int32_t **provider, int64_t **day) {
    const int64_t n = random_rows(), n_providers = random_below(4) == 0 ? INT32_MAX : 1 + random_below(5);
    *provider = allocate(n, sizeof **provider);
    *day = allocate(n, sizeof **day);
    for (int64_t i = 0; i < n; i++) {
        (*provider)[i] = random_below(8) == 0 ? -1 - (int32_t)random_below(3) : (int32_t)random_below(n_providers);
        (*day)[i] = maybe_day(kind, 1);
    }
    return n;
}

static int is_near_pair(const sif_provider_days *older, int64_t i, const sif_provider_days *newer, int64_t k, int64_t near) {
    const int64_t one = older->day[i], other = newer->day[k];
    if (older->provider[i] < 0 || older->provider[i] != newer->provider[k] || one == SIF_NO_DAY || other == SIF_NO_DAY)
        return 0;
    return (one > other ? (uint64_t)one - (uint64_t)other : (uint64_t)other - (uint64_t)one) <= (uint64_t)near;
}

static void near_pairs_holds(void) {
    const int64_t nears[] = {0, 1, 20, 300, 100000, INT32_MAX};
    const int64_t near = nears[random_below(6)];
    const int kind = (int)random_below(DAY_KINDS);
    int32_t *provider[2];
    int64_t *day[2], n[2];
    for (int side = 0; side < 2; side++)
        n[side] = any_provider_days(kind, &provider[side], &day[side]);
    const sif_provider_days older = {n[0], provider[0], day[0]}, newer = {n[1], provider[1], day[1]};
    uint8_t *const is_pair = allocate(n[0] * n[1], 1);
    int64_t expected = 0, found = 7;
    for (int64_t i = 0; i < n[0]; i++)
        for (int64_t k = 0; k < n[1]; k++)
            expected += is_pair[i * n[1] + k] = (uint8_t)is_near_pair(&older, i, &newer, k, near);
    const int64_t room = random_below(4) == 0 ? random_below(expected + 1) : expected, written = room < expected ? room : expected;
    int64_t *const older_rows = guarded(room), *const newer_rows = guarded(room);
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const sif_status status = sif_near_pairs(&older, &newer, near, room, older_rows, newer_rows, &found, &interrupt);
    if (was_interrupted(status, &left))
        CHECK(found == SIF_VOID);
    else {
        CHECK_STATUS(status, SIF_OK, -1, 0);
        CHECK(found == expected);
        for (int64_t p = 0; p < written; p++) {
            uint8_t *const pair = &is_pair[older_rows[p] * n[1] + newer_rows[p]];
            CHECK(*pair == 1 && (p == 0 || newer_rows[p] >= newer_rows[p - 1]));
            *pair = 0; /* no pair comes twice */
        }
    }
    free_guarded(older_rows, room);
    free_guarded(newer_rows, room);
    free(is_pair);
    for (int side = 0; side < 2; side++) {
        free(provider[side]);
        free(day[side]);
    }
}
