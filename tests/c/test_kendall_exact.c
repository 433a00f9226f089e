/* sif_kendall_exact against Gauss's binomials, and against every order of a few values. */
#include "properties/kendall_exact.h"

/* How many of the orders of n numbers have S of exactly s: each number in turn is put first. */
static int64_t orders_with(int n, int64_t s) {
    if (n == 1)
        return s == 0;
    int64_t orders = 0;
    for (int rank = 0; rank < n; rank++) /* the numbers below the first count -1 each, those above it 1 */
        orders += orders_with(n - 1, s - (n - 1 - rank) + rank);
    return orders;
}

static void every_order_is_as_likely(void) {
    for (int n = 1; n <= 7; n++) {
        int64_t all = 0, tie_pattern = ((int64_t)1 << n) - 1; /* no two are equal */
        const int64_t pairs = (int64_t)n * (n - 1) / 2;
        for (int64_t s = -pairs; s <= pairs; s += 2)
            all += orders_with(n, s);
        int64_t larger = 0;
        for (int64_t s = pairs; s >= -pairs; s -= 2) {
            double above, at;
            CHECK_STATUS(sif_kendall_exact(1, &tie_pattern, &s, &above, &at, NULL), SIF_OK, -1, 0);
            CHECK(is_near(above, (long double)larger / (long double)all));
            CHECK(is_near(at, (long double)orders_with(n, s) / (long double)all));
            larger += orders_with(n, s);
        }
    }
}

static void what_is_wrong_is_named(void) {
    const int64_t tie_pattern[] = {7, 7, 0}, s[] = {3, 2, 0}, too_many[] = {1 << 20};
    double above[3], at[3];
    CHECK_STATUS(sif_kendall_exact(0, tie_pattern, s, above, at, NULL), SIF_OK, -1, 0);
    CHECK_STATUS(sif_kendall_exact(3, tie_pattern, s, above, at, NULL), SIF_BAD_VALUE, 1, 2);
    CHECK(all_are_nan(above, 3) && all_are_nan(at, 3));
    CHECK_STATUS(sif_kendall_exact(1, tie_pattern + 2, s, above, at, NULL), SIF_BAD_VALUE, 0, 0);
    CHECK_STATUS(sif_kendall_exact(1, too_many, s, above, at, NULL), SIF_BAD_VALUE, 0, 1 << 20);
}

int main(void) {
    REPEAT(2000, kendall_exact_holds);
    RUN(every_order_is_as_likely);
    RUN(what_is_wrong_is_named);
    return report();
}
