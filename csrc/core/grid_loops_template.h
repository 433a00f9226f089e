/* The hot loops of ordering and of the as-at grid, a template: include with VERSION(name) naming the functions and TARGET the attribute of
 * their instruction set. They work on a block in the order of its records, and have no branches. */

/* dated[k] = inspected, or published where that is missing. */
TARGET static void VERSION(find_dates)(const int64_t *restrict inspected, const int64_t *restrict published, size_t count,
                                       int64_t *restrict dated) {
    for (size_t k = 0; k < count; k++)
        dated[k] = inspected[k] != SIF_NO_DAY ? inspected[k] : published[k];
}

/* Whether each record k has a provider and a day and comes before record k + 1, by provider, day, publication, row. */
TARGET static int VERSION(is_ordered)(const int32_t *restrict provider, const int64_t *restrict dated, const int64_t *restrict published,
                                      const int64_t *restrict row, size_t count) {
    int fault = 0;
    for (size_t k = 0; k < count; k++) {
        const int by_row = (published[k] < published[k + 1]) | ((published[k] == published[k + 1]) & (row[k] < row[k + 1]));
        const int by_day = (dated[k] < dated[k + 1]) | ((dated[k] == dated[k + 1]) & by_row);
        const int comes_before = (provider[k] < provider[k + 1]) | ((provider[k] == provider[k + 1]) & by_day);
        fault |= !comes_before | (provider[k] < 0) | (dated[k] == SIF_NO_DAY);
    }
    return !fault;
}

/* Extends the spans by those of a block's records. Returns whether one of them has no day, which would lie before all. */
TARGET static int VERSION(extend_spans)(const int64_t *restrict dated, const int64_t *restrict published, size_t count,
                                        sif_spans *restrict spans) {
    sif_span by_dated = spans->dated, by_published = spans->published, by_later = spans->later;
    for (size_t k = 0; k < count; k++) {
        const int64_t day = dated[k];
        by_dated.least = day < by_dated.least ? day : by_dated.least;
        by_dated.most = day > by_dated.most ? day : by_dated.most;
    }
    int64_t before_least = by_published.least - 1; /* 1 taken away from a missing one makes the largest of all */
    for (size_t k = 0; k < count; k++) {
        const int64_t day = published[k], before = (int64_t)((uint64_t)day - 1);
        before_least = before < before_least ? before : before_least;
        by_published.most = day > by_published.most ? day : by_published.most;
    }
    by_published.least = before_least + 1;
    for (size_t k = 0; k < count; k++) {
        const int64_t later = (int64_t)((uint64_t)published[k] - (uint64_t)dated[k]), missing = -(int64_t)(published[k] == SIF_NO_DAY);
        const int64_t least = (later & ~missing) | (INT64_MAX & missing), most = (later & ~missing) | (INT64_MIN & missing);
        by_later.least = least < by_later.least ? least : by_later.least;
        by_later.most = most > by_later.most ? most : by_later.most;
    }
    *spans = (sif_spans){by_dated, by_published, by_later};
    return by_dated.least == SIF_NO_DAY;
}

/* words[k] |= the places of record k's keys, each shifted to its bits. */
TARGET static void VERSION(pack)(const sif_layout *restrict layout, const int32_t *restrict provider, const int64_t *restrict dated,
                                 const int64_t *restrict published, size_t count, uint64_t *restrict words) {
    const int of_provider = layout->shift[SIF_PROVIDER], of_dated = layout->shift[SIF_DATED], of_published = layout->shift[SIF_PUBLISHED];
    const uint64_t before_dated = (uint64_t)layout->range[SIF_DATED].least - 1;
    const uint64_t before_published = (uint64_t)layout->range[SIF_PUBLISHED].least - 1;
    const uint64_t from_dated = layout->by_difference ? UINT64_MAX : 0;
    for (size_t k = 0; k < count; k++) {
        const uint64_t later = (uint64_t)published[k] - ((uint64_t)dated[k] & from_dated) - before_published;
        words[k] |= (published[k] != SIF_NO_DAY ? later : 0) << of_published | ((uint64_t)dated[k] - before_dated) << of_dated;
    }
    for (size_t k = 0; k < count; k++)
        words[k] |= (uint64_t)(uint32_t)provider[k] << of_provider;
}

/* words[k] |= value[k] + more, shifted to its bits. Returns whether a value is SIF_NO_CODE, the least of all. */
TARGET static int VERSION(put_bits)(const int32_t *restrict value, size_t count, int32_t more, int shift, uint64_t *restrict words) {
    int32_t least = 0;
    for (size_t k = 0; k < count; k++) {
        least = value[k] < least ? value[k] : least;
        words[k] |= (uint64_t)((uint32_t)value[k] + (uint32_t)more) << shift;
    }
    return least == SIF_NO_CODE;
}

/* value[k] = the bits of a word from `shift` on, under `mask`, limited to `most`, minus `less`. Whatever the word is, the value is in
 * its range. */
TARGET static void VERSION(take_bits)(const uint64_t *restrict words, size_t count, int shift, uint32_t mask, uint32_t most, int32_t less,
                                      int32_t *restrict value) {
    for (size_t k = 0; k < count; k++) {
        const uint32_t found = (uint32_t)(words[k] >> shift) & mask;
        value[k] = (int32_t)(found < most ? found : most) - less;
    }
}

/* from[k] = the larger of two table entries, those of the days inspected and published, each limited to its table's first and last day. */
TARGET static void VERSION(find_positions)(const sif_day_table *dates, const sif_day_table *cutoffs, const int64_t *restrict inspected,
                                           const int64_t *restrict published, size_t count, int32_t *restrict from) {
    const int64_t first_date = dates->first, last_date = dates->last, first_cutoff = cutoffs->first, last_cutoff = cutoffs->last;
    const int32_t *restrict const of_date = dates->entry, *restrict const of_cutoff = cutoffs->entry;
    for (size_t k = 0; k < count; k++) {
        const int64_t from_below = inspected[k] < first_date ? first_date : inspected[k],
                      date = from_below > last_date ? last_date : from_below;
        const int64_t raised = published[k] < first_cutoff ? first_cutoff : published[k],
                      cutoff = raised > last_cutoff ? last_cutoff : raised;
        const int32_t a = of_date[date - first_date], b = of_cutoff[cutoff - first_cutoff];
        from[k] = a > b ? a : b;
    }
}

/* begin[k], end[k] = the cells of a table groups x (n_dates + 1) x grades where record k's grade begins to count, at position from[k], and
 * where it ends, at to[k] <= n_dates. */
TARGET static void VERSION(find_cells)(const int32_t *restrict group, const int32_t *restrict grade, const int32_t *restrict from,
                                       const int32_t *restrict to, size_t count, int64_t n_dates, int64_t n_groups, int64_t n_grades,
                                       int64_t *restrict begin, int64_t *restrict end) {
    const int64_t stride = n_grades + 1, of_group = (n_dates + 1) * stride;
    for (size_t k = 0; k < count; k++) {
        const int64_t cell = (group[k] < 0 ? n_groups : group[k]) * of_group + (grade[k] < 0 ? n_grades : grade[k]);
        begin[k] = cell + from[k] * stride;
        end[k] = cell + to[k] * stride;
    }
}

const sif_grid_loops VERSION(sif_grid_loops) = {
    .find_dates = VERSION(find_dates),
    .is_ordered = VERSION(is_ordered),
    .extend_spans = VERSION(extend_spans),
    .pack = VERSION(pack),
    .put_bits = VERSION(put_bits),
    .take_bits = VERSION(take_bits),
    .find_positions = VERSION(find_positions),
    .find_cells = VERSION(find_cells),
};

#undef VERSION
#undef TARGET
