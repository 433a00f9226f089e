/* Counting from which grade to which the consecutive inspections of a provider go.
 *
 * From each block of records those that count are kept: the eligible ones, of one day the last. Each then makes a transition with the one
 * kept before it, if that is of the same provider. The last kept of a block waits for the next block, which may begin on the same day. */
#include <string.h>

#include "histories.h"

static int64_t size_of(const sif_codes *codes) {
    return codes != NULL ? codes->size : 0;
}

/* (groups + 1) x (periods + 1) x (grades + 1)^2, or -1 where cells could not be told apart in 31 bits. */
static int64_t number_of_cells(const sif_codes *groups, const sif_codes *periods, const sif_codes *grades) {
    const int64_t sizes[] = {size_of(groups), size_of(periods), grades->size, grades->size};
    int64_t cells = 1;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        if (sizes[s] < 0 || sizes[s] > INT32_MAX || cells * (sizes[s] + 1) > INT32_MAX) /* both factors are at most 2^31 */
            return -1;
        cells *= sizes[s] + 1;
    }
    return cells;
}

static inline uint32_t last_if_missing(int32_t code, uint32_t size) {
    return (uint32_t)code < size ? (uint32_t)code : size;
}

/* The first row of a block of which a code is out of range; there is one. */
static sif_status offender(const history_block *block, const sif_codes *groups, const sif_codes *periods, const sif_codes *grades) {
    for (size_t i = 0;; i++) {
        const int64_t row = history_row(block, i);
        if (!sif_code_fits(sif_code_at(grades, row), grades->size))
            return sif_fail(SIF_BAD_GRADE, row, sif_code_at(grades, row));
        if (groups != NULL && !sif_code_fits(sif_code_at(groups, row), groups->size))
            return sif_fail(SIF_BAD_GROUP, row, sif_code_at(groups, row));
        if (periods != NULL && !sif_code_fits(sif_code_at(periods, row), periods->size))
            return sif_fail(SIF_BAD_PERIOD, row, sif_code_at(periods, row));
    }
}

/* The records kept of a block, from place 2 on; before them the two of earlier blocks that are still needed: the last, which waits, and its
 * predecessor. */
typedef struct {
    int64_t key[HISTORY_BLOCK + 2];
    uint32_t grade[HISTORY_BLOCK + 2];
    uint32_t cell[HISTORY_BLOCK + 2]; /* of the group and period, where both grades are 0 */
} kept;

/* Keeps those of the block's records that count, of which grades and cells lie in place. Returns one past the last place. */
static size_t keep(const history_block *block, kept *records) {
    const uint8_t *const eligible = block->records->eligible;
    if (eligible == NULL && block->rises) {
        memcpy(records->key + 2, block->key + 1, block->count * sizeof *records->key);
        return block->count + 2;
    }
    size_t at = 2;
    int64_t last = records->key[1];
    for (size_t i = 0; i < block->count; i++) {
        const int64_t key = block->key[i + 1];
        const size_t counts = eligible == NULL || eligible[history_row(block, i)] != 0;
        at -= counts & (key == last);
        records->key[at] = key;
        records->grade[at] = records->grade[i + 2];
        records->cell[at] = records->cell[i + 2];
        last = counts ? key : last;
        at += counts;
    }
    return at;
}

/* Counts the transitions into the records kept at places 1 .. stop - 1. */
static void count_pairs(const kept *records, size_t stop, uint32_t stride, int64_t *counts) {
    uint32_t cell[HISTORY_BLOCK + 2];
    size_t n = 0;
    for (size_t k = 1; k < stop; k++) {
        cell[n] = records->cell[k] + records->grade[k - 1] * stride + records->grade[k];
        n += (size_t)((records->key[k] ^ records->key[k - 1]) >> 32 == 0); /* one provider */
    }
    for (size_t k = 0; k < n; k++)
        counts[cell[k]]++;
}

sif_status sif_count_transitions(const sif_records *records, const int64_t *order, const sif_codes *groups, const sif_codes *periods,
                                 const sif_codes *grades, int64_t *counts, const sif_watch *watch) {
    const int64_t cells = number_of_cells(groups, periods, grades);
    if (cells < 0)
        return sif_fail(SIF_TOO_LARGE, -1, groups != NULL ? groups->size : grades->size);
    const uint32_t n_groups = (uint32_t)size_of(groups), n_periods = (uint32_t)size_of(periods), n_grades = (uint32_t)grades->size;
    const uint32_t stride = n_grades + 1, square = stride * stride;
    int32_t grade[HISTORY_BLOCK], group[HISTORY_BLOCK], period[HISTORY_BLOCK];
    memset(group, 0xFF, sizeof group);
    memset(period, 0xFF, sizeof period);
    history_block block;
    memset(counts, 0, (size_t)cells * sizeof *counts);
    /* Before the first record: two of providers that differ from each other and from all. */
    kept kept_records = {.key = {-1, (int64_t)MOST_PROVIDERS << 32}};
    sif_status status = start_history(&block, records, order);
    while (status.code == SIF_OK && block.first + (int64_t)block.count < records->n) {
        status = read_history(&block);
        if (status.code != SIF_OK)
            break;
        int bad = load_history_codes(grades, &block, grade);
        if (groups != NULL)
            bad |= load_history_codes(groups, &block, group);
        if (periods != NULL)
            bad |= load_history_codes(periods, &block, period);
        if (bad) {
            status = offender(&block, groups, periods, grades);
            break;
        }
        for (size_t i = 0; i < block.count; i++)
            kept_records.grade[i + 2] = last_if_missing(grade[i], n_grades);
        if (groups != NULL || periods != NULL)
            for (size_t i = 0; i < block.count; i++)
                kept_records.cell[i + 2] =
                    (last_if_missing(group[i], n_groups) * (n_periods + 1) + last_if_missing(period[i], n_periods)) * square;
        const size_t stop = keep(&block, &kept_records);
        count_pairs(&kept_records, stop - 1, stride, counts);
        for (size_t k = 0; k < 2; k++) {
            kept_records.key[k] = kept_records.key[stop - 2 + k];
            kept_records.grade[k] = kept_records.grade[stop - 2 + k];
            kept_records.cell[k] = kept_records.cell[stop - 2 + k];
        }
        if (block.first % SIF_WATCH_ROWS == 0 && sif_stop(watch))
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    if (status.code == SIF_OK)
        count_pairs(&kept_records, 2, stride, counts);
    else
        for (int64_t c = 0; c < cells; c++)
            counts[c] = SIF_VOID;
    return status;
}
