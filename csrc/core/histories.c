/* Reading the ordered records of providers a block at a time. */
#include "histories.h"

#include "code_loops.h"
#include "history_loops.h"

static int is_row(const sif_records *records, int64_t row) {
    return row >= 0 && row < records->n;
}

static int64_t row_at(const int64_t *order, int64_t place) {
    return order != NULL ? sif_once(order, place) : place;
}

int64_t sif_next_provider(const sif_records *records, const int64_t *order, int64_t place) {
    for (; place > 0 && place < records->n; place++) {
        const int64_t before = row_at(order, place - 1), row = row_at(order, place);
        if (!is_row(records, before) || !is_row(records, row) ||
            sif_code_at(&records->provider, before) != sif_code_at(&records->provider, row))
            break;
    }
    return place;
}

int64_t sif_provider_before(const sif_records *records, const int64_t *order, int64_t place) {
    const int64_t row = place > 0 ? row_at(order, place - 1) : -1;
    if (!is_row(records, row))
        return -1;
    const int64_t provider = sif_code_at(&records->provider, row);
    return provider >= 0 && provider < records->provider.size ? provider : -1;
}

sif_status sif_start_history(sif_history *block, const sif_records *records, const int64_t *order, const sif_piece *piece) {
    block->records = records;
    block->order = order;
    block->first = piece != NULL ? sif_next_provider(records, order, piece->first) : 0;
    block->stop = piece != NULL ? sif_next_provider(records, order, piece->stop) : records->n;
    block->count = 0;
    block->is_cut = block->is_faulty = 0;
    block->key[0] = -1;
    block->row_before = block->first > 0 ? row_at(order, block->first - 1) : 0;
    if (records->provider.size > MOST_PROVIDERS)
        return sif_fail(SIF_TOO_LARGE, -1, records->provider.size);
    /* The piece before has checked that record. Of it only the provider matters here: it must be another. */
    const int64_t provider = sif_provider_before(records, order, block->first);
    if (provider >= 0 && is_row(records, block->row_before)) /* one way: an array must change meanwhile */
        block->key[0] = provider << 32;
    return sif_ok();
}

/* Asks for the rows of a column that are read some blocks later. What `order` has there is not yet checked. */
static void fetch_ahead(const sif_history *block, const void *column, size_t width) {
    if (block->order == NULL) {
        sif_fetch_ahead((const char *)column + block->first * (int64_t)width, block->count, width);
        return;
    }
    const int64_t first = block->first + SIF_ROWS_AHEAD, stop = first + (int64_t)block->count;
    for (int64_t place = first; place < stop && place < block->stop; place++) {
        const int64_t row = row_at(block->order, place);
        if (is_row(block->records, row))
            SIF_FETCH((const char *)column + row * (int64_t)width);
    }
}

void sif_read_codes(const sif_history *block, const sif_codes *codes, int32_t *out) {
    fetch_ahead(block, codes->data, sif_width_of(codes));
    sif_load_codes(codes, block->order != NULL ? block->row : NULL, block->first, block->count, out);
}

int sif_read_history(sif_history *block) {
    const sif_records *const records = block->records;
    int32_t provider[HISTORY_BLOCK];
    int64_t dated[HISTORY_BLOCK];
    block->key[0] = block->key[block->count];
    if (block->count > 0)
        block->row_before = sif_history_row(block, block->count - 1);
    block->first += (int64_t)block->count;
    block->count = block->stop - block->first < HISTORY_BLOCK ? (size_t)(block->stop - block->first) : HISTORY_BLOCK;
    for (size_t i = 0; block->order != NULL && i < block->count; i++) {
        block->row[i] = row_at(block->order, block->first + (int64_t)i);
        if (!is_row(records, block->row[i])) {
            block->count = i;
            block->is_cut = 1;
        }
    }
    sif_read_codes(block, &records->provider, provider);
    fetch_ahead(block, records->inspected, sif_width_of_dates(records->inspected_unit));
    if (records->published != NULL)
        fetch_ahead(block, records->published, sif_width_of_dates(records->published_unit));
    if (records->eligible != NULL)
        fetch_ahead(block, records->eligible, sizeof *records->eligible);
    sif_load_inspected(records, block->order != NULL ? block->row : NULL, block->first, block->count, dated);
    for (size_t i = 0; records->published != NULL && i < block->count; i++)
        if (dated[i] == SIF_NO_DAY)
            dated[i] = sif_published(records, sif_history_row(block, i));
    const int found = sif_history_loops_now()->make_keys(provider, (uint32_t)records->provider.size, dated, block->count, block->key);
    block->rises = (found & SIF_TIED) == 0;
    block->is_faulty = (found & SIF_FAULTY) != 0;
    /* On one day publication and row decide. Where there is no publication and no other order, rows rise. */
    const int may_fall = !block->rises && (records->published != NULL || block->order != NULL);
    return block->is_faulty || may_fall || block->is_cut;
}

/* Whether record i comes after the one before it on the same day: by publication, then by row, so that no row can come twice. Not for
 * the first place of all, before which the key is -1. */
static int follows_on_its_day(const sif_history *block, size_t i) {
    const int64_t row = sif_history_row(block, i), before = i > 0 ? sif_history_row(block, i - 1) : block->row_before;
    const int64_t published = sif_published(block->records, row), published_before = sif_published(block->records, before);
    return published != published_before ? published > published_before : row > before;
}

sif_status sif_fault_of_record(const sif_records *records, int64_t row) {
    const int64_t provider = sif_code_at(&records->provider, row), dated = sif_day_of(records, row);
    if (provider < 0 || provider >= records->provider.size)
        return sif_fail(SIF_BAD_PROVIDER, row, provider);
    if (dated == SIF_NO_DAY)
        return sif_fail(SIF_NO_DATE, row, 0);
    if (dated < INT32_MIN || dated > INT32_MAX)
        return sif_fail(SIF_BAD_DAY, row, dated);
    return sif_ok();
}

sif_status sif_fault_of_codes(const sif_column *columns, size_t n_columns, int64_t row) {
    for (size_t c = 0; c < n_columns; c++) {
        const sif_codes *const codes = columns[c].codes;
        if (codes != NULL && !sif_code_fits(sif_code_at(codes, row), codes->size))
            return sif_fail(columns[c].fault, row, sif_code_at(codes, row));
    }
    return sif_ok();
}

static sif_status examine_record(const sif_history *block, size_t i) {
    const int64_t row = sif_history_row(block, i);
    const sif_status status = sif_fault_of_record(block->records, row);
    if (status.code != SIF_OK)
        return status;
    if (block->key[i + 1] < block->key[i] || (block->key[i + 1] == block->key[i] && !follows_on_its_day(block, i)))
        return sif_fail(SIF_UNORDERED, row, 0);
    return sif_ok();
}

sif_status sif_first_fault(const sif_history *block, const sif_column *columns, size_t n_columns) {
    for (size_t i = 0; i < block->count; i++) {
        sif_status status = examine_record(block, i);
        if (status.code == SIF_OK)
            status = sif_fault_of_codes(columns, n_columns, sif_history_row(block, i));
        if (status.code != SIF_OK)
            return status;
    }
    if (block->is_cut)
        return sif_fail(SIF_BAD_ROW, block->first + (int64_t)block->count, block->row[block->count]);
    return block->is_faulty ? sif_changed() : sif_ok(); /* one way: an array must change meanwhile */
}
