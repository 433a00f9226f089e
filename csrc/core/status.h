/* What a kernel says at its end, and what all kernels do on the way there. Inside the core only. */
#ifndef SIF_STATUS_H
#define SIF_STATUS_H

#include <math.h>
#include <stdlib.h>

#include "sif.h"

static inline sif_status sif_ok(void) {
    return (sif_status){SIF_OK, -1, 0};
}

static inline sif_status sif_fail(sif_code code, int64_t row, int64_t value) {
    return (sif_status){code, row, value};
}

/* For a fault that was seen and is gone when it is looked for. */
static inline sif_status sif_changed(void) { /* not reached: an array must change meanwhile */
    return sif_fail(SIF_CHANGED, -1, 0);     /* not reached: an array must change meanwhile */
}

/* The end of a kernel: makes its outputs void where it has failed, and gives back the status. A kernel finds out that something is too
 * large before it writes anything, and then nothing is written: there can be no such outputs. numbers: NULL where there are none. */
static inline sif_status sif_finish(sif_status status, int64_t *integers, int64_t n_integers, double *numbers, int64_t n_numbers) {
    if (status.code == SIF_OK || status.code == SIF_TOO_LARGE)
        return status;
    for (int64_t i = 0; i < n_integers; i++)
        integers[i] = SIF_VOID;
    for (int64_t i = 0; i < n_numbers; i++)
        numbers[i] = NAN;
    return status;
}

/* Room for `count` things, or NULL: where there is no memory, or where addresses cannot even say so much. */
static inline void *sif_room_for(uint64_t count, size_t width) {
    return count <= SIZE_MAX / width ? malloc((size_t)count * width) : NULL;
}

static inline int sif_is_interrupted(const sif_interrupt_check *interrupt) {
    return interrupt != NULL && interrupt->stop(interrupt->context);
}

/* Adds to the work done since the interrupt check was last asked, and asks when it is worth SIF_ROWS_PER_CHECK rows. */
static inline int sif_is_interrupted_after(const sif_interrupt_check *interrupt, int64_t *work, int64_t more) {
    *work += more;
    if (*work < SIF_ROWS_PER_CHECK)
        return 0;
    *work = 0;
    return sif_is_interrupted(interrupt);
}

#endif
