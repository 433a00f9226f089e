/* Counting from which grade to which the consecutive inspections of a provider go.
 *
 * Of each block of records those that count are kept: the eligible ones, and the last per day. Each makes a transition from the one
 * kept before it, if both are of one provider. The last one kept of a block waits for the next block, which may begin on the same day.
 * Records that lie in no order are sorted with their codes in the same word, so that no row is fetched from where it lay. */
#include <stdlib.h>
#include <string.h>

#include "code_loops.h"
#include "histories.h"
#include "history_loops.h"
#include "ordering.h"

enum { TRANSITION_BLOCK = HISTORY_BLOCK, N_COLUMNS = 3, TRANSITION_TABLES = 4, FEW_CELLS = 256 };

/* What is counted of the records. */
typedef struct {
    const sif_records *records;
    sif_column columns[N_COLUMNS]; /* grades, groups, periods */
    uint32_t cells, stride;
    int grade_bits; /* in a word, below those of the table */
} transition_question;

static int64_t size_of(const sif_codes *codes) {
    return codes != NULL ? codes->size : 0;
}

/* (groups + 1) x (periods + 1) x (grades + 1)^2, or -1 where the number of a cell would not fit 31 bits. */
static int64_t cells_of_transitions(const sif_codes *groups, const sif_codes *periods, const sif_codes *grades) {
    const int64_t sizes[] = {size_of(groups), size_of(periods), grades->size, grades->size};
    int64_t cells = 1;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        if (sizes[s] < 0 || sizes[s] > INT32_MAX || cells * (sizes[s] + 1) > INT32_MAX) /* both factors are at most 2^31 */
            return -1;
        cells *= sizes[s] + 1;
    }
    return cells;
}

/* The records kept of a block, from place 2 on. Places 0 and 1 have the two of earlier blocks that are still needed: the last one,
 * which waits, and the one before it. */
typedef struct {
    int64_t key[TRANSITION_BLOCK + 2];
    uint32_t grade[TRANSITION_BLOCK + 2];
    uint32_t table[TRANSITION_BLOCK + 2]; /* of its group and period */
} kept_records;

/* Keeps those of a block's records that count (NULL: all), the last per day. Returns one past the last place. */
static size_t keep_records(kept_records *records, size_t count, const uint8_t *counts) {
    size_t at = 2;
    int64_t last = records->key[1];
    for (size_t i = 2; i < count + 2; i++) {
        const int64_t key = records->key[i];
        const size_t does_count = counts == NULL || counts[i - 2] != 0;
        at -= does_count & (key == last);
        records->key[at] = key;
        records->grade[at] = records->grade[i];
        records->table[at] = records->table[i];
        last = does_count ? key : last;
        at += does_count;
    }
    return at;
}

/* Gives the grade of each row, and the table of its group and period: of the rows of `block`, or where that is NULL, of `rows`, or where
 * that is NULL too, of those from `first` on. Returns whether a code is at fault. */
static int load_cells(const transition_question *q, const sif_history *block, const int64_t *rows, int64_t first, size_t count,
                      uint32_t *grade, uint32_t *table) {
    int32_t code[TRANSITION_BLOCK];
    int bad = 0;
    memset(grade, 0, count * sizeof *grade);
    memset(table, 0, count * sizeof *table);
    for (size_t c = 0; c < N_COLUMNS; c++) {
        const sif_codes *const codes = q->columns[c].codes;
        if (codes == NULL)
            continue;
        if (block != NULL)
            sif_read_codes(block, codes, code);
        else
            sif_load_codes(codes, rows, first, count, code);
        bad |= sif_code_loops_now()->append(code, count, (uint32_t)codes->size, c == 0 ? grade : table);
    }
    return bad;
}

/* Partial counts of few cells, in tables used in turn, so that equal transitions in a row do not wait for one another's increment. The
 * last cell takes what is no transition. */
typedef struct {
    uint32_t table[TRANSITION_TABLES][FEW_CELLS + 1];
} partial_counts;

static void empty_partial_counts(partial_counts *of, size_t cells, int64_t *counts) {
    for (size_t t = 0; t < TRANSITION_TABLES; t++)
        for (size_t c = 0; c < cells; c++)
            counts[c] += of->table[t][c];
    memset(of, 0, sizeof *of);
}

/* Counts the transitions into the records kept at places 1 .. stop - 1. */
static void count_kept(const transition_question *q, const kept_records *records, size_t stop, partial_counts *few, int64_t *counts) {
    uint32_t cell[TRANSITION_BLOCK + 2];
    const size_t n = stop - 1;
    sif_history_loops_now()->find_transitions(records->key, records->grade, records->table, n, q->stride, q->cells, cell);
    if (q->cells <= FEW_CELLS) {
        size_t k = 0;
        for (; k + TRANSITION_TABLES <= n; k += TRANSITION_TABLES)
            for (size_t t = 0; t < TRANSITION_TABLES; t++)
                few->table[t][cell[k + t]]++;
        for (; k < n; k++)
            few->table[0][cell[k]]++;
        return;
    }
    size_t n_transitions = 0;
    for (size_t k = 0; k < n; k++) { /* without a branch: cell[k] is read before place k can be written */
        const uint32_t into = cell[k];
        cell[n_transitions] = into;
        n_transitions += into != q->cells;
    }
    for (size_t k = 0; k < n_transitions; k++)
        counts[cell[k]]++;
}

/* The counts so far, and the records that wait. */
typedef struct {
    const transition_question *question;
    kept_records records;
    partial_counts few;
    int64_t *counts;
    int64_t rows_since_check;
} transition_walk;

static void start_walk(transition_walk *w, const transition_question *q, int64_t *counts) {
    *w = (transition_walk){.question = q, .counts = counts};
    /* Two records before the first: their providers differ from each other and from all others. */
    w->records.key[0] = -1;
    w->records.key[1] = (int64_t)MOST_PROVIDERS << 32;
    memset(counts, 0, q->cells * sizeof *counts);
}

/* Counts the records kept of a block of `count` records, but for the last, at `stop - 1`, which then waits. */
static sif_status end_block(transition_walk *w, size_t count, size_t stop, const sif_interrupt_check *interrupt) {
    kept_records *const records = &w->records;
    count_kept(w->question, records, stop - 1, &w->few, w->counts);
    for (size_t k = 0; k < 2; k++) {
        records->key[k] = records->key[stop - 2 + k];
        records->grade[k] = records->grade[stop - 2 + k];
        records->table[k] = records->table[stop - 2 + k];
    }
    w->rows_since_check += (int64_t)count;
    if (w->rows_since_check < SIF_ROWS_PER_CHECK)
        return sif_ok();
    w->rows_since_check = 0;
    if (w->question->cells <= FEW_CELLS) /* before a counter of 32 bits could be full */
        empty_partial_counts(&w->few, w->question->cells, w->counts);
    return sif_is_interrupted(interrupt) ? sif_fail(SIF_INTERRUPTED, -1, 0) : sif_ok();
}

static void end_walk(transition_walk *w) {
    count_kept(w->question, &w->records, 2, &w->few, w->counts);
    if (w->question->cells <= FEW_CELLS)
        empty_partial_counts(&w->few, w->question->cells, w->counts);
}

/* Walks the rows as they lie, or by `order`. */
static sif_status walk_rows(const transition_question *q, const int64_t *order, const sif_piece *piece, transition_walk *w,
                            const sif_interrupt_check *interrupt) {
    const uint8_t *const eligible = q->records->eligible;
    kept_records *const records = &w->records;
    uint8_t counts[TRANSITION_BLOCK];
    sif_history block;
    sif_status status = sif_start_history(&block, q->records, order, piece);
    while (status.code == SIF_OK && sif_has_more_history(&block)) {
        const int may_fail = sif_read_history(&block);
        block.is_faulty |= load_cells(q, &block, NULL, block.first, block.count, records->grade + 2, records->table + 2);
        if (may_fail || block.is_faulty) {
            status = sif_first_fault(&block, q->columns, N_COLUMNS);
            if (status.code != SIF_OK)
                break;
        }
        memcpy(records->key + 2, block.key + 1, block.count * sizeof *records->key);
        int all_count = 1;
        for (size_t i = 0; eligible != NULL && i < block.count; i++) {
            counts[i] = eligible[sif_history_row(&block, i)];
            all_count &= counts[i] != 0;
        }
        const size_t stop = all_count && block.rises ? block.count + 2 : keep_records(records, block.count, all_count ? NULL : counts);
        status = end_block(w, block.count, stop, interrupt);
    }
    if (status.code == SIF_OK)
        end_walk(w);
    return status;
}

/* What a record carries into the order: its grade, and the table of its group and period. */
static int carry_codes(const void *context, const int64_t *rows, int64_t first, size_t count, uint64_t *carried) {
    const transition_question *const q = context;
    uint32_t grade[TRANSITION_BLOCK], table[TRANSITION_BLOCK];
    if (load_cells(q, NULL, rows, first, count, grade, table))
        return -1;
    for (size_t k = 0; k < count; k++)
        carried[k] = (uint64_t)grade[k] | (uint64_t)table[k] << q->grade_bits;
    return 0;
}

/* Walks the words of eligible records, in their order. Here a key must be equal for records of one provider and day, and differ in its
 * upper half between providers. So the day's place in the word does for the day. */
static sif_status walk_words(const transition_question *q, const sif_ordering *ordering, int table_bits, transition_walk *w,
                             const sif_interrupt_check *interrupt) {
    const sif_layout *const layout = &ordering->layout;
    const uint64_t grades = sif_lowest_bits(q->grade_bits), tables = sif_lowest_bits(table_bits);
    const uint64_t days = sif_lowest_bits(layout->range[SIF_DATED].bits), providers = sif_lowest_bits(layout->range[SIF_PROVIDER].bits);
    const int to_day = layout->shift[SIF_DATED], to_provider = layout->shift[SIF_PROVIDER];
    kept_records *const records = &w->records;
    sif_status status = sif_ok();
    for (int64_t first = 0; first < ordering->n && status.code == SIF_OK; first += TRANSITION_BLOCK) {
        const uint64_t *const words = ordering->words + first;
        const size_t count = ordering->n - first < TRANSITION_BLOCK ? (size_t)(ordering->n - first) : TRANSITION_BLOCK;
        int tied = 0;
        for (size_t k = 0; k < count; k++) {
            records->key[k + 2] = (int64_t)((words[k] >> to_provider & providers) << 32 | (words[k] >> to_day & days));
            records->grade[k + 2] = (uint32_t)(words[k] & grades);
            records->table[k + 2] = (uint32_t)(words[k] >> q->grade_bits & tables);
        }
        for (size_t k = 2; k < count + 2; k++)
            tied |= records->key[k] == records->key[k - 1];
        status = end_block(w, count, tied ? keep_records(records, count, NULL) : count + 2, interrupt);
    }
    return status;
}

/* Whether keys can be made of the words: the days must fit half a key, and be days that a walk of the rows would take. */
static int are_keys(const sif_layout *layout) {
    const sif_key_range *const dated = &layout->range[SIF_DATED];
    return dated->bits <= 31 && dated->least >= INT32_MIN && dated->least <= 0x7FFFFFFF - (int64_t)sif_lowest_bits(dated->bits);
}

/* The fault of the first faulty row, as the rows lie. */
static sif_status first_fault_in_rows(const transition_question *q, const sif_interrupt_check *interrupt) {
    for (int64_t row = 0; row < q->records->n; row++) {
        sif_status status = sif_fault_of_record(q->records, row);
        if (status.code == SIF_OK)
            status = sif_fault_of_codes(q->columns, N_COLUMNS, row);
        if (status.code == SIF_OK && row % SIF_ROWS_PER_CHECK == SIF_ROWS_PER_CHECK - 1 && sif_is_interrupted(interrupt))
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
        if (status.code != SIF_OK)
            return status;
    }
    return sif_ok();
}

/* Sorts the records of the providers (NULL: all) and walks their words. SIF_UNORDERED: there are none, or a code is at fault. */
static sif_status walk_slices(transition_question *q, const sif_piece *providers, transition_walk *w,
                              const sif_interrupt_check *interrupt) {
    sif_slices *slices;
    sif_ordering slice;
    q->grade_bits = sif_bits_of(q->stride - 1);
    const int table_bits = sif_bits_of(q->cells / (q->stride * q->stride) - 1);
    const sif_carried carried = {.bits = q->grade_bits + table_bits, .load = carry_codes, .context = q};
    sif_status status = sif_start_slices(q->records, providers, &carried, &slices, interrupt);
    if (status.code == SIF_OK && !(sif_are_words(slices) && are_keys(sif_layout_of(slices))))
        status = sif_fail(SIF_UNORDERED, -1, 0);
    if (status.code == SIF_OK)
        status = sif_next_slice(slices, &slice, interrupt);
    while (status.code == SIF_OK && slice.words != NULL) {
        status = walk_words(q, &slice, table_bits, w, interrupt);
        if (status.code == SIF_OK)
            status = sif_next_slice(slices, &slice, interrupt);
    }
    if (status.code == SIF_OK)
        end_walk(w);
    sif_end_slices(slices);
    return status;
}

/* Walks all records where they lie in no order. Where they do not fit words, the rows are walked in their order. */
static sif_status walk_sorted(transition_question *q, transition_walk *w, const sif_interrupt_check *interrupt) {
    const sif_records *const records = q->records;
    int already;
    sif_status status = walk_slices(q, NULL, w, interrupt);
    if (status.code == SIF_OK || status.code == SIF_NO_MEMORY || status.code == SIF_INTERRUPTED)
        return status;
    status = first_fault_in_rows(q, interrupt);
    if (status.code != SIF_OK)
        return status;
    int64_t *const rows = malloc((size_t)records->n * sizeof *rows); /* n > 0, or the rows would be in order */
    status = rows != NULL ? sif_order_records(records, rows, &already, interrupt) : sif_fail(SIF_NO_MEMORY, -1, 0);
    if (status.code == SIF_OK) {
        start_walk(w, q, w->counts);
        status = walk_rows(q, rows, NULL, w, interrupt);
    }
    free(rows);
    return status;
}

sif_status sif_count_transitions(const sif_records *records, const int64_t *order, const sif_piece *piece, const sif_codes *groups,
                                 const sif_codes *periods, const sif_codes *grades, int64_t *counts, const sif_interrupt_check *interrupt) {
    const int64_t cells = cells_of_transitions(groups, periods, grades);
    if (cells < 0)
        return sif_fail(SIF_TOO_LARGE, -1, groups != NULL ? groups->size : grades->size);
    if (records->provider.size > MOST_PROVIDERS)
        return sif_fail(SIF_TOO_LARGE, -1, records->provider.size);
    transition_question q = {.records = records,
                             .columns = {{grades, SIF_BAD_GRADE}, {groups, SIF_BAD_GROUP}, {periods, SIF_BAD_PERIOD}},
                             .cells = (uint32_t)cells,
                             .stride = (uint32_t)grades->size + 1};
    const int of_providers = piece != NULL && piece->of_providers;
    const int is_whole = piece == NULL || (!of_providers && piece->first == 0 && piece->stop == records->n);
    transition_walk w;
    start_walk(&w, &q, counts);
    sif_status status = of_providers ? walk_slices(&q, piece, &w, interrupt) : walk_rows(&q, order, piece, &w, interrupt);
    if (status.code == SIF_UNORDERED && order == NULL && is_whole) {
        start_walk(&w, &q, counts);
        status = walk_sorted(&q, &w, interrupt);
    }
    return sif_finish(status, counts, cells, NULL, 0);
}
