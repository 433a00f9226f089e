/* The hot loops over codes, a template: include with VERSION(name) naming the functions, TARGET the attribute of their instruction set, and
 * SPREAD(word, bytes) what writes 0xFF or 0 for each bit of a word. Compilers vectorise the loops; there is no branch in them. */

/* A code fits where code + 1, unsigned, is at most size: that is one comparison. `size` is limited to what TYPE can tell. */
#define DEFINE_LOAD(KIND, TYPE, UNSIGNED, MISSING)                                                                                         \
    TARGET static void VERSION(load_##KIND)(const void *codes, const int64_t *restrict rows, const uint8_t *restrict valid, size_t count,  \
                                            uint32_t given_size, int32_t *restrict out) {                                                  \
        const TYPE *restrict const data = codes;                                                                                           \
        const UNSIGNED last = (UNSIGNED) ~(UNSIGNED)0 / 2 + MISSING;                                                                       \
        const UNSIGNED size = given_size < last ? (UNSIGNED)given_size : last;                                                             \
        for (size_t i = 0; i < count; i++) {                                                                                               \
            const TYPE code = rows != NULL ? data[rows[i]] : data[i];                                                                      \
            const int32_t found = (UNSIGNED)((UNSIGNED)code + MISSING) < (UNSIGNED)(size + MISSING) ? (int32_t)code : SIF_NO_CODE;         \
            out[i] = found | ~(int32_t)sif_bits_if_valid(valid, i);                                                                        \
        }                                                                                                                                  \
    }                                                                                                                                      \
    TARGET static void VERSION(load_bytes_##KIND)(const void *codes, const uint8_t *restrict valid, size_t count, uint32_t size,           \
                                                  int8_t *restrict out) {                                                                  \
        const TYPE *restrict const data = codes;                                                                                           \
        for (size_t i = 0; i < count; i++) {                                                                                               \
            const UNSIGNED place = (UNSIGNED)((UNSIGNED)data[i] + MISSING);                                                                \
            const int8_t found = place < (UNSIGNED)(size + MISSING) ? (int8_t)(uint8_t)(place - MISSING) : SIF_NO_BYTE;                    \
            out[i] = (int8_t)(found | ~sif_bits_if_valid(valid, i));                                                                       \
        }                                                                                                                                  \
    }

DEFINE_LOAD(int8, int8_t, uint8_t, 1)
DEFINE_LOAD(int16, int16_t, uint16_t, 1)
DEFINE_LOAD(int32, int32_t, uint32_t, 1)
DEFINE_LOAD(int64, int64_t, uint64_t, 1)
DEFINE_LOAD(uint8, uint8_t, uint16_t, 0)
DEFINE_LOAD(uint16, uint16_t, uint32_t, 0)
DEFINE_LOAD(uint32, uint32_t, uint64_t, 0)
DEFINE_LOAD(uint64, uint64_t, uint64_t, 0)

/* Bits of Arrow's bitmaps to bytes, 64 rows at a time. Where the rows begin within a byte, a word takes eight bytes and some bits of the
 * ninth, which has rows of this word: so it exists. */
TARGET static void VERSION(spread_validity)(const uint8_t *bitmap, int64_t first, size_t count, uint8_t *restrict valid) {
    const uint8_t *const bytes = bitmap + (first >> 3);
    const unsigned shift = (unsigned)(first & 7);
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
        uint64_t word = little_endian(bytes + (i >> 3));
        if (shift > 0)
            word = word >> shift | (uint64_t)bytes[(i >> 3) + 8] << (64 - shift);
        SPREAD(word, valid + i);
    }
    for (; i < count; i++)
        valid[i] = bitmap[(first + (int64_t)i) >> 3] >> ((first + (int64_t)i) & 7) & 1 ? 0xFF : 0;
}

TARGET static int VERSION(are_outside)(const int32_t *restrict codes, size_t count, uint32_t size) {
    uint32_t any = 0;
    for (size_t i = 0; i < count; i++) /* one of the two differences is negative where a code is outside */
        any |= ((uint32_t)codes[i] + 1) | (size - 1 - (uint32_t)codes[i]);
    return any >> 31 != 0;
}

TARGET static int VERSION(append)(const int32_t *restrict codes, size_t count, uint32_t size, uint32_t *restrict cell) {
    int32_t least = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t code = (uint32_t)codes[i];
        least = codes[i] < least ? codes[i] : least;
        cell[i] = cell[i] * (size + 1) + (code < size ? code : size);
    }
    return least == SIF_NO_CODE;
}

/* Letters are ASCII. With the upper bit of each byte set in what is subtracted from, no byte borrows from the next, and that bit stays where a
 * letter is not below `low`, or not above `high`. */
TARGET static void VERSION(number_letters)(const uint64_t *restrict letters, size_t count, uint64_t low, uint64_t high,
                                           const uint32_t *restrict weight, uint32_t *restrict number, uint64_t *restrict misfit) {
    const uint64_t upper = 0x8080808080808080U;
    for (size_t i = 0; i < count; i++) {
        const uint64_t word = letters[i], fits = ((word | upper) - low) & ((high | upper) - word);
        const uint32_t first = (uint32_t)word, last = (uint32_t)(word >> 32);
        misfit[i] |= (~fits | word) & upper;
        number[i] += (first & 255) * weight[0] + (first >> 8 & 255) * weight[1] + (first >> 16 & 255) * weight[2] + (first >> 24) * weight[3] +
                     (last & 255) * weight[4] + (last >> 8 & 255) * weight[5] + (last >> 16 & 255) * weight[6] + (last >> 24) * weight[7];
    }
}

const sif_code_loops VERSION(sif_code_loops) = {
    .load = SIF_BY_KIND(load),
    .load_bytes = SIF_BY_KIND(load_bytes),
    .spread_validity = VERSION(spread_validity),
    .are_outside = VERSION(are_outside),
    .append = VERSION(append),
    .number_letters = VERSION(number_letters),
};

#undef DEFINE_LOAD
#undef VERSION
#undef TARGET
#undef SPREAD
