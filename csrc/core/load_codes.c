/* Loading a block of codes of any kind as int32, in the order of the rows or in another. */
#include "cpu.h"
#include "records.h"

void sif_load_codes(const sif_codes *codes, const int64_t *order, int64_t first, size_t count, int32_t *out) {
    if (codes->validity == NULL) {
        const void *const data = order != NULL ? codes->data : sif_row_of(codes, first);
        sif_history_loops_now()->load[codes->kind](data, order != NULL ? order + first : NULL, count, (uint32_t)codes->size, out);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const int64_t code = sif_code_at(codes, order != NULL ? order[first + (int64_t)i] : first + (int64_t)i);
        out[i] = sif_code_fits(code, codes->size) ? (int32_t)code : SIF_NO_CODE;
    }
}
