/* The hot loops over blocks of ordered records, a template: include with VERSION(name) naming the functions and TARGET the attribute of
 * their instruction set. Compilers vectorise the loops; there is no branch in them. */

/* A code fits where code + 1, unsigned, is at most size: that is one comparison. `size` is held to what TYPE can tell. */
#define DEFINE_LOAD(KIND, TYPE, UNSIGNED, MISSING)                                                                                         \
    TARGET static void VERSION(load_##KIND)(const void *codes, const int64_t *restrict rows, size_t count, uint32_t given_size,            \
                                            int32_t *restrict out) {                                                                       \
        const TYPE *restrict const data = codes;                                                                                           \
        const UNSIGNED last = (UNSIGNED) - 1 / 2 + MISSING;                                                                                \
        const UNSIGNED size = given_size < last ? (UNSIGNED)given_size : last;                                                             \
        for (size_t i = 0; i < count; i++) {                                                                                               \
            const TYPE code = rows != NULL ? data[rows[i]] : data[i];                                                                      \
            out[i] = (UNSIGNED)((UNSIGNED)code + MISSING) < (UNSIGNED)(size + MISSING) ? (int32_t)code : SIF_NO_CODE;                      \
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

TARGET static void VERSION(clamp_codes)(int32_t *restrict codes, size_t count, uint32_t size) {
    for (size_t i = 0; i < count; i++)
        codes[i] = (uint32_t)codes[i] + 1 <= size ? codes[i] : SIF_NO_CODE; /* -1, unsigned, is one below 0 */
}

TARGET static int VERSION(make_keys)(const int32_t *restrict provider, const int64_t *restrict dated, size_t count, int64_t *restrict key) {
    int32_t any_provider = 0;
    uint64_t any_day = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t day = (uint64_t)dated[i] - (uint64_t)INT32_MIN;
        any_provider |= provider[i];
        any_day |= day;
        key[i + 1] = (int64_t)((uint64_t)(uint32_t)provider[i] << 32 | (day & UINT32_MAX));
    }
    int64_t fall = 0, no_rise = 0; /* negative once a key falls, or does not rise */
    for (size_t i = 0; i < count; i++) {
        /* Unsigned: the key of a faulty provider may lie too far from the next. */
        const uint64_t rise = (uint64_t)key[i + 1] - (uint64_t)key[i];
        fall |= (int64_t)rise;
        no_rise |= (int64_t)(rise - 1);
    }
    return (any_provider < 0 || any_day > UINT32_MAX || fall < 0 ? SIF_FAULTY : 0) | (no_rise < 0 ? SIF_TIED : 0);
}

TARGET static int VERSION(append_codes)(const int32_t *restrict codes, size_t count, uint32_t size, uint32_t *restrict cell) {
    int32_t least = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t code = (uint32_t)codes[i];
        least = codes[i] < least ? codes[i] : least;
        cell[i] = cell[i] * (size + 1) + (code < size ? code : size);
    }
    return least == SIF_NO_CODE;
}

TARGET static void VERSION(find_transitions)(const int64_t *restrict key, const uint32_t *restrict grade, const uint32_t *restrict table,
                                             size_t count, uint32_t stride, uint32_t none, uint32_t *restrict cell) {
    for (size_t k = 0; k < count; k++) {
        const uint32_t into = (table[k + 1] * stride + grade[k]) * stride + grade[k + 1];
        cell[k] = (uint64_t)(key[k + 1] ^ key[k]) >> 32 == 0 ? into : none;
    }
}

const sif_history_loops VERSION(sif_history_loops) = {
    .load = SIF_BY_KIND(load, ),
    .clamp_codes = VERSION(clamp_codes),
    .make_keys = VERSION(make_keys),
    .append_codes = VERSION(append_codes),
    .find_transitions = VERSION(find_transitions),
};

#undef DEFINE_LOAD
#undef VERSION
#undef TARGET
