/* Loading codes of any kind as int32, in the order of the rows or in another. */
#include "code_loops.h"

static void load_masked(const sif_codes *codes, const int64_t *rows, int64_t first, size_t count, int32_t *out) {
    const sif_code_loops *const loops = sif_code_loops_now();
    uint8_t valid[SIF_LOADED_BLOCK];
    if (rows == NULL)
        loops->spread_validity(codes->validity, codes->validity_offset + first, count, valid);
    else
        for (size_t i = 0; i < count; i++)
            valid[i] = sif_is_valid(codes, rows[i]) ? UINT8_MAX : 0;
    loops->load[codes->kind](rows != NULL ? codes->data : sif_row_of(codes, first), rows, valid, count, (uint32_t)codes->size, out);
}

void sif_load_codes(const sif_codes *codes, const int64_t *rows, int64_t first, size_t count, int32_t *out) {
    if (codes->validity != NULL)
        load_masked(codes, rows, first, count, out);
    else
        sif_code_loops_now()->load[codes->kind](rows != NULL ? codes->data : sif_row_of(codes, first), rows, NULL, count,
                                                (uint32_t)codes->size, out);
}
