/* Loading a block of codes of any kind as int32, in the order of the rows or in another. */
#include <string.h>

#include "cpu.h"
#include "records.h"

/* A code fits where code + 1, unsigned, is at most size: that is one comparison. `size` is held to what TYPE can tell. */
#define LOAD(TYPE, UNSIGNED, MISSING)                                                                                                      \
    do {                                                                                                                                   \
        const TYPE *const data = (const TYPE *)codes->data;                                                                                \
        const UNSIGNED last = (UNSIGNED)-1 / 2 + MISSING;                                                                                  \
        const UNSIGNED size = (uint64_t)codes->size < last ? (UNSIGNED)codes->size : last;                                                 \
        if (order == NULL)                                                                                                                 \
            for (size_t i = 0; i < count; i++) {                                                                                           \
                const TYPE code = data[first + (int64_t)i];                                                                                \
                out[i] = (UNSIGNED)((UNSIGNED)code + MISSING) < (UNSIGNED)(size + MISSING) ? (int32_t)code : SIF_NO_CODE;                  \
            }                                                                                                                              \
        else                                                                                                                               \
            for (size_t i = 0; i < count; i++) {                                                                                           \
                const TYPE code = data[order[first + (int64_t)i]];                                                                         \
                out[i] = (UNSIGNED)((UNSIGNED)code + MISSING) < (UNSIGNED)(size + MISSING) ? (int32_t)code : SIF_NO_CODE;                  \
            }                                                                                                                              \
    } while (0)

void sif_load_codes(const sif_codes *codes, const int64_t *order, int64_t first, size_t count, int32_t *out) {
    if (codes->validity != NULL) {
        for (size_t i = 0; i < count; i++) {
            const int64_t code = sif_code_at(codes, order != NULL ? order[first + (int64_t)i] : first + (int64_t)i);
            out[i] = sif_code_fits(code, codes->size) ? (int32_t)code : SIF_NO_CODE;
        }
        return;
    }
    if (order == NULL && count <= SIF_BLOCK) {
        uint8_t valid[SIF_BLOCK];
        memset(valid, 0xFF, count);
        if (!sif_loops_now()->widen[codes->kind](sif_row_of(codes, first), valid, count, (uint32_t)codes->size, out))
            return; /* else a code is out of range, and marked below */
    }
    switch (codes->kind) {
    case SIF_INT8:
        LOAD(int8_t, uint8_t, 1);
        break;
    case SIF_INT16:
        LOAD(int16_t, uint16_t, 1);
        break;
    case SIF_INT32:
        LOAD(int32_t, uint32_t, 1);
        break;
    case SIF_INT64:
        LOAD(int64_t, uint64_t, 1);
        break;
    case SIF_UINT8:
        LOAD(uint8_t, uint16_t, 0);
        break;
    case SIF_UINT16:
        LOAD(uint16_t, uint32_t, 0);
        break;
    case SIF_UINT32:
        LOAD(uint32_t, uint64_t, 0);
        break;
    case SIF_UINT64:
        LOAD(uint64_t, uint64_t, 0);
        break;
    }
}
