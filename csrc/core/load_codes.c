/* Loading a block of codes of any kind as int32, in the order of the rows or in another. */
#include "cpu.h"
#include "records.h"

void sif_load_codes(const sif_codes *codes, const int64_t *rows, int64_t first, size_t count, int32_t *out) {
    if (codes->validity == NULL) {
        const sif_history_loops *const loops = sif_history_loops_now();
        const void *const data = rows != NULL ? codes->data : sif_row_of(codes, first);
        loops->load[codes->kind](data, rows, count, (uint32_t)codes->size, out);
        loops->clamp_codes(out, count, (uint32_t)codes->size);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const int64_t code = sif_code_at(codes, rows != NULL ? rows[i] : first + (int64_t)i);
        out[i] = sif_code_fits(code, codes->size) ? (int32_t)code : SIF_NO_CODE;
    }
}
