/* The hot loops of the as-at grid, a template: include with VERSION(name) naming the functions and TARGET the attribute of their
 * instruction set. They work on a block in the order of its records, and have no branches. */

/* placed[k] = held, or published where that is missing. */
TARGET static void VERSION(place)(const int64_t *restrict held, const int64_t *restrict published, size_t count, int64_t *restrict placed) {
    for (size_t k = 0; k < count; k++)
        placed[k] = held[k] != SIF_NO_DAY ? held[k] : published[k];
}

/* Whether each record k has a provider and a day and comes before record k + 1, by provider, day, publication, row. */
TARGET static int VERSION(is_ordered)(const int32_t *restrict provider, const int64_t *restrict placed, const int64_t *restrict published,
                                      const int64_t *restrict row, size_t count) {
    int fault = 0;
    for (size_t k = 0; k < count; k++) {
        const int by_row = (published[k] < published[k + 1]) | ((published[k] == published[k + 1]) & (row[k] < row[k + 1]));
        const int by_day = (placed[k] < placed[k + 1]) | ((placed[k] == placed[k + 1]) & by_row);
        const int comes_before = (provider[k] < provider[k + 1]) | ((provider[k] == provider[k + 1]) & by_day);
        fault |= !comes_before | (provider[k] < 0) | (placed[k] == SIF_NO_DAY);
    }
    return !fault;
}

/* from[k] = the larger of two table entries, those of the days held and published, each held to its table's first and last day. */
TARGET static void VERSION(find_positions)(const sif_day_table *dates, const sif_day_table *cutoffs, const int64_t *restrict held,
                                           const int64_t *restrict published, size_t count, int32_t *restrict from) {
    const int64_t first_date = dates->first, last_date = dates->last, first_cutoff = cutoffs->first, last_cutoff = cutoffs->last;
    const int32_t *restrict const of_date = dates->entry, *restrict const of_cutoff = cutoffs->entry;
    for (size_t k = 0; k < count; k++) {
        const int64_t from_below = held[k] < first_date ? first_date : held[k], date = from_below > last_date ? last_date : from_below;
        const int64_t raised = published[k] < first_cutoff ? first_cutoff : published[k],
                      cutoff = raised > last_cutoff ? last_cutoff : raised;
        const int32_t a = of_date[date - first_date], b = of_cutoff[cutoff - first_cutoff];
        from[k] = a > b ? a : b;
    }
}

const sif_grid_loops VERSION(sif_grid_loops) = {
    .place = VERSION(place),
    .is_ordered = VERSION(is_ordered),
    .find_positions = VERSION(find_positions),
};

#undef VERSION
#undef TARGET
