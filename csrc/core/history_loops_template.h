/* The hot loops over blocks of ordered records, a template: include with VERSION(name) naming the functions and TARGET the attribute of
 * their instruction set. Compilers vectorise the loops; there is no branch in them. */

TARGET static int VERSION(make_keys)(const int32_t *restrict provider, uint32_t n_providers, const int64_t *restrict dated, size_t count,
                                     int64_t *restrict key) {
    uint32_t any_provider = 0; /* one of the two that are added is negative where a provider is none */
    uint64_t any_day = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t day = (uint64_t)dated[i] - (uint64_t)INT32_MIN;
        any_provider |= (uint32_t)provider[i] | (n_providers - 1 - (uint32_t)provider[i]);
        any_day |= day;
        key[i + 1] = (int64_t)((uint64_t)(uint32_t)provider[i] << 32 | (day & UINT32_MAX));
    }
    int64_t fall = 0, no_rise = 0; /* negative once a key falls, or does not rise */
    for (size_t i = 0; i < count; i++) {
        /* Unsigned: the keys of a faulty provider and the next may differ by too much. */
        const uint64_t rise = (uint64_t)key[i + 1] - (uint64_t)key[i];
        fall |= (int64_t)rise;
        no_rise |= (int64_t)(rise - 1);
    }
    return (any_provider >> 31 != 0 || any_day > UINT32_MAX || fall < 0 ? SIF_FAULTY : 0) | (no_rise < 0 ? SIF_TIED : 0);
}

TARGET static void VERSION(find_transitions)(const int64_t *restrict key, const uint32_t *restrict grade, const uint32_t *restrict table,
                                             size_t count, uint32_t stride, uint32_t none, uint32_t *restrict cell) {
    for (size_t k = 0; k < count; k++) {
        const uint32_t into = (table[k + 1] * stride + grade[k]) * stride + grade[k + 1];
        cell[k] = (uint64_t)(key[k + 1] ^ key[k]) >> 32 == 0 ? into : none;
    }
}

const sif_history_loops VERSION(sif_history_loops) = {
    .make_keys = VERSION(make_keys),
    .find_transitions = VERSION(find_transitions),
};

#undef VERSION
#undef TARGET
