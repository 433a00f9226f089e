/* Counting from which grade to which the consecutive inspections of a provider go.
 *
 * From each block of records those that count are kept: the eligible ones, of one day the last. Each then makes a transition with the one
 * kept before it, if that is of the same provider. The last kept of a block waits for the next block, which may begin on the same day. */
#include <string.h>

#include "cpu.h"
#include "histories.h"

enum { TABLES = 4, FEW_CELLS = 256 };

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

/* The records kept of a block, from place 2 on; before them the two of earlier blocks that are still needed: the last, which waits, and its
 * predecessor. */
typedef struct {
    int64_t key[HISTORY_BLOCK + 2];
    uint32_t grade[HISTORY_BLOCK + 2];
    uint32_t table[HISTORY_BLOCK + 2]; /* of its group and period */
} kept;

/* Keeps those of the block's records that count, of which grades and tables lie in place. Returns one past the last place. */
static size_t keep(const sif_history *block, kept *records) {
    const uint8_t *const eligible = block->records->eligible;
    if (eligible == NULL && block->rises) {
        memcpy(records->key + 2, block->key + 1, block->count * sizeof *records->key);
        return block->count + 2;
    }
    size_t at = 2;
    int64_t last = records->key[1];
    for (size_t i = 0; i < block->count; i++) {
        const int64_t key = block->key[i + 1];
        const size_t counts = eligible == NULL || eligible[sif_history_row(block, i)] != 0;
        at -= counts & (key == last);
        records->key[at] = key;
        records->grade[at] = records->grade[i + 2];
        records->table[at] = records->table[i + 2];
        last = counts ? key : last;
        at += counts;
    }
    return at;
}

/* Counters of few cells, in tables used in turn so that equal transitions in a row do not wait for one another's increment; the last cell
 * takes what is none. */
typedef struct {
    uint32_t table[TABLES][FEW_CELLS + 1];
} tally;

static void empty_tally(tally *of, size_t cells, int64_t *counts) {
    for (size_t t = 0; t < TABLES; t++)
        for (size_t c = 0; c < cells; c++)
            counts[c] += of->table[t][c];
    memset(of, 0, sizeof *of);
}

/* Counts the transitions into the records kept at places 1 .. stop - 1. */
static void count_kept(const kept *records, size_t stop, uint32_t stride, uint32_t cells, tally *few, int64_t *counts) {
    uint32_t cell[HISTORY_BLOCK + 2];
    const size_t n = stop - 1;
    sif_history_loops_now()->find_transitions(records->key, records->grade, records->table, n, stride, cells, cell);
    if (cells <= FEW_CELLS) {
        size_t k = 0;
        for (; k + TABLES <= n; k += TABLES)
            for (size_t t = 0; t < TABLES; t++)
                few->table[t][cell[k + t]]++;
        for (; k < n; k++)
            few->table[0][cell[k]]++;
        return;
    }
    size_t n_transitions = 0;
    for (size_t k = 0; k < n; k++) { /* without a branch: cell[k] is read before place k can be written */
        const uint32_t into = cell[k];
        cell[n_transitions] = into;
        n_transitions += into != cells;
    }
    for (size_t k = 0; k < n_transitions; k++)
        counts[cell[k]]++;
}

sif_status sif_count_transitions(const sif_records *records, const int64_t *order, const sif_piece *piece, const sif_codes *groups,
                                 const sif_codes *periods, const sif_codes *grades, int64_t *counts, const sif_watch *watch) {
    const int64_t cells = number_of_cells(groups, periods, grades);
    if (cells < 0)
        return sif_fail(SIF_TOO_LARGE, -1, groups != NULL ? groups->size : grades->size);
    const sif_column columns[] = {{grades, SIF_BAD_GRADE}, {groups, SIF_BAD_GROUP}, {periods, SIF_BAD_PERIOD}};
    const sif_history_loops *const loops = sif_history_loops_now();
    const uint32_t stride = (uint32_t)grades->size + 1;
    int32_t code[HISTORY_BLOCK];
    tally few = {0};
    sif_history block;
    memset(counts, 0, (size_t)cells * sizeof *counts);
    /* Before the first record: two of providers that differ from each other and from all. */
    kept kept_records = {.key = {-1, (int64_t)MOST_PROVIDERS << 32}};
    sif_status status = sif_start_history(&block, records, order, piece);
    for (int64_t watched = 0; status.code == SIF_OK && sif_has_more_history(&block);) {
        int bad = sif_read_history(&block);
        memset(kept_records.grade + 2, 0, block.count * sizeof *kept_records.grade);
        memset(kept_records.table + 2, 0, block.count * sizeof *kept_records.table);
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
            if (columns[c].codes == NULL)
                continue;
            sif_read_codes(&block, columns[c].codes, code);
            bad |= loops->append_codes(code, block.count, (uint32_t)columns[c].codes->size,
                                       (columns[c].codes == grades ? kept_records.grade : kept_records.table) + 2);
        }
        if (bad) {
            status = sif_first_fault(&block, columns, sizeof columns / sizeof *columns);
            if (status.code != SIF_OK)
                break;
        }
        const size_t stop = keep(&block, &kept_records);
        count_kept(&kept_records, stop - 1, stride, (uint32_t)cells, &few, counts);
        for (size_t k = 0; k < 2; k++) {
            kept_records.key[k] = kept_records.key[stop - 2 + k];
            kept_records.grade[k] = kept_records.grade[stop - 2 + k];
            kept_records.table[k] = kept_records.table[stop - 2 + k];
        }
        watched += (int64_t)block.count;
        if (watched >= SIF_WATCH_ROWS) {
            watched = 0;
            if (cells <= FEW_CELLS) /* before a counter of 32 bits could be full */
                empty_tally(&few, (size_t)cells, counts);
            if (sif_stop(watch))
                status = sif_fail(SIF_INTERRUPTED, -1, 0);
        }
    }
    if (status.code == SIF_OK) {
        count_kept(&kept_records, 2, stride, (uint32_t)cells, &few, counts);
        if (cells <= FEW_CELLS)
            empty_tally(&few, (size_t)cells, counts);
    } else
        for (int64_t c = 0; c < cells; c++)
            counts[c] = SIF_VOID;
    return status;
}
