/* Room that no machine has is refused, and large memory is memory, however much is asked for. */
#include "check.h"
#include "codes.h"
#include "ordering.h"

static void room_past_all_bounds_is_refused(void) {
    CHECK(sif_room_for(UINT64_MAX, 8) == NULL);
    CHECK(sif_room_for((uint64_t)SIZE_MAX / 8 + 1, 8) == NULL);
    int64_t *const three = sif_room_for(3, sizeof *three);
    CHECK(three != NULL);
    if (three != NULL)
        three[2] = 1;
    free(three);
}

/* From less than a large page to several, so that it begins or ends in one, spans none, and holds some whole. */
static void large_memory_is_memory(void) {
    for (size_t bytes = 1; bytes < (size_t)41 << 20; bytes += (size_t)700 << 10) {
        char *const memory = sif_allocate_large(bytes);
        CHECK(memory != NULL);
        if (memory != NULL)
            memory[0] = memory[bytes - 1] = 1;
        sif_free_large(memory, bytes);
    }
}

int main(void) {
    RUN(room_past_all_bounds_is_refused);
    RUN(large_memory_is_memory);
    return report();
}
