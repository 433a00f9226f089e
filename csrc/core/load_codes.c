/* Loading a block of codes of any kind as int32, in the order of the rows or in another. */
#include "records.h"

#define LOAD(TYPE)                                                                                                                         \
    do {                                                                                                                                   \
        const TYPE *const data = (const TYPE *)codes->data;                                                                                \
        if (order == NULL)                                                                                                                 \
            for (size_t i = 0; i < count; i++)                                                                                             \
                out[i] = data[first + (int64_t)i] < size && data[first + (int64_t)i] >= least ? (int32_t)data[first + (int64_t)i]          \
                                                                                              : SIF_NO_CODE;                               \
        else                                                                                                                               \
            for (size_t i = 0; i < count; i++) {                                                                                           \
                const TYPE code = data[order[first + (int64_t)i]];                                                                         \
                out[i] = code < size && code >= least ? (int32_t)code : SIF_NO_CODE;                                                       \
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
    if (codes->kind <= SIF_INT64) {
        const int64_t size = codes->size, least = -1;
        switch (codes->kind) {
        case SIF_INT8:
            LOAD(int8_t);
            break;
        case SIF_INT16:
            LOAD(int16_t);
            break;
        case SIF_INT32:
            LOAD(int32_t);
            break;
        default:
            LOAD(int64_t);
        }
    } else {
        const uint64_t size = (uint64_t)codes->size, least = 0;
        switch (codes->kind) {
        case SIF_UINT8:
            LOAD(uint8_t);
            break;
        case SIF_UINT16:
            LOAD(uint16_t);
            break;
        case SIF_UINT32:
            LOAD(uint32_t);
            break;
        default:
            LOAD(uint64_t);
        }
    }
}
