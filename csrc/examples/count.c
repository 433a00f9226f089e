/* Counts inspections by region and grade.
 *
 *     make -C csrc
 *     cc csrc/examples/count.c $(PKG_CONFIG_PATH=csrc/build pkg-config --cflags --libs --static sif) -o count */
#include <inttypes.h>
#include <stdio.h>

#include "sif.h"

int main(void) {
    static const char *const labels[] = {"Inadequate", "Requires improvement", "Good", "Outstanding"}; /* codes 0 .. 3 */
    static const char *const names[] = {"East", "West"};
    const int8_t region[] = {0, 1, 1, 0, 1, 1}, grade[] = {2, 3, 2, 1, -1, 2}; /* -1: missing */
    enum { ROWS = 6, REGIONS = 2, GRADES = 4 };
    const sif_codes regions = {.data = region, .size = REGIONS, .kind = SIF_INT8};
    const sif_codes grades = {.data = grade, .size = GRADES, .kind = SIF_INT8};
    int64_t counts[REGIONS + 1][GRADES + 1] = {{0}}; /* the last of each takes the missing */

    const sif_status status = sif_count_grades(ROWS, &regions, &grades, &counts[0][0], NULL);
    if (status.code != SIF_OK) {
        fprintf(stderr, "row %" PRId64 ": code %" PRId64 " is out of range\n", status.row, status.value);
        return 1;
    }
    for (int r = 0; r < REGIONS; r++) {
        printf("%s:", names[r]);
        for (int g = GRADES - 1; g >= 0; g--)
            printf(" %" PRId64 " %s,", counts[r][g], labels[g]);
        printf(" %" PRId64 " not judged\n", counts[r][GRADES]);
    }
    return 0;
}
