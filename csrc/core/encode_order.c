/* The order of labels by their bytes. */
#include <stdlib.h>
#include <string.h>

#include "encode_text.h"

#ifndef SIF_MANY_LABELS /* fewer are sorted by fewer bits at once: all of their values are looked at each time */
#define SIF_MANY_LABELS (1 << 12)
#endif

/* A label with eight of its bytes, the first of them the most significant; zeros where it has ended. */
typedef struct {
    uint64_t word;
    int32_t label;
} item;

/* Labels at first .. stop - 1 are alike in all bytes that have been looked at. */
typedef struct {
    int32_t first, stop;
} range;

enum {
    FEW = 48, /* are sorted by insertion */
    WORD = 8,
    BITS_AT_ONCE = 11,  /* by which many are sorted */
    NUMBERS_A_LABEL = 16 /* up to so many are looked through sooner than labels are sorted */
};

static int64_t begin_of(const sif_labels *labels, int32_t label) {
    return label == 0 ? 0 : labels->ends[label - 1];
}

static int64_t length_of(const sif_labels *labels, int32_t label) {
    return labels->ends[label] - begin_of(labels, label);
}

static uint64_t word_at(const sif_labels *labels, int32_t label, int64_t depth) {
    const uint8_t *const bytes = labels->bytes + begin_of(labels, label) + depth;
    const int64_t left = length_of(labels, label) - depth;
    uint64_t word = 0;
    for (int64_t i = 0; left >= WORD && i < WORD; i++) /* which compilers know as one load */
        word = word << 8 | bytes[i];
    for (int64_t i = 0; left < WORD && i < WORD; i++)
        word = word << 8 | (i < left ? bytes[i] : 0);
    return word;
}

static void sort_few(item *items, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        const item moved = items[i];
        int64_t at = i;
        for (; at > 0 && items[at - 1].word > moved.word; at--)
            items[at] = items[at - 1];
        items[at] = moved;
    }
}

/* Where the words are unlike: some bits of a byte, and how many they are. */
typedef struct {
    int shift, width;
} field;

/* The bits of each byte from the first to the last in which words are unlike, given all bits in which any are. */
static int find_fields(uint64_t unlike, field *fields) {
    int n = 0;
    for (int at = 64 - 8; at >= 0; at -= 8) {
        const int bits = (int)(unlike >> at & 255);
        if (bits == 0)
            continue;
        int low = 0, high = 8;
        while ((bits >> low & 1) == 0)
            low++;
        while ((bits >> (high - 1)) == 0)
            high--;
        fields[n++] = (field){at + low, high - low};
    }
    return n;
}

/* The fields of a word one after another: words in the same order, with fewer bits to sort by. */
static uint64_t packed(uint64_t word, const field *fields, int n_fields) {
    uint64_t bits = 0;
    for (int f = 0; f < n_fields; f++)
        bits = bits << fields[f].width | (word >> fields[f].shift & ((UINT64_C(1) << fields[f].width) - 1));
    return bits;
}

/* By their words, some bits at a time from the last; what is the same in all is left out, as the upper bits of digits are. */
static void sort_many(item *items, item *spare, int64_t n) {
    uint64_t unlike = 0;
    for (int64_t i = 1; i < n; i++)
        unlike |= items[i].word ^ items[0].word;
    field fields[8];
    const int n_fields = find_fields(unlike, fields), digit = n < SIF_MANY_LABELS ? 8 : BITS_AT_ONCE;
    int width = 0;
    for (int f = 0; f < n_fields; f++)
        width += fields[f].width;
    for (int64_t i = 0; i < n; i++)
        items[i].word = packed(items[i].word, fields, n_fields);
    const uint64_t mask = (UINT64_C(1) << digit) - 1;
    item *from = items, *to = spare;
    for (int shift = 0; shift < width; shift += digit) {
        int64_t begin[(1 << BITS_AT_ONCE) + 1] = {0};
        for (int64_t i = 0; i < n; i++)
            begin[(from[i].word >> shift & mask) + 1]++;
        for (uint64_t value = 0; value < mask; value++)
            begin[value + 1] += begin[value];
        for (int64_t i = 0; i < n; i++)
            to[begin[from[i].word >> shift & mask]++] = from[i];
        item *const sorted = to;
        to = from;
        from = sorted;
    }
    if (from != items)
        memcpy(items, from, (size_t)n * sizeof *items);
}

/* Brings labels that have ended by `depth` before those that go on, shorter ones first: they are alike but for NULs at their ends, so they
 * are nine at most. Returns how many have ended. */
static int32_t sort_ended(const sif_labels *labels, item *items, int32_t n, int64_t depth) {
    int32_t ended = 0;
    for (int32_t i = 0; i < n; i++) {
        const item moved = items[i];
        const int64_t length = length_of(labels, moved.label);
        if (length > depth)
            continue;
        items[i] = items[ended];
        int32_t at = ended++;
        for (; at > 0 && length_of(labels, items[at - 1].label) > length; at--)
            items[at] = items[at - 1];
        items[at] = moved;
    }
    return ended;
}

/* Sorts a range by the word at `depth`; the ranges in it that are alike in that too, and go on, are added to `open`. */
static int32_t sort_range(const sif_labels *labels, item *items, item *spare, range whole, int64_t depth, range *open) {
    int32_t n_open = 0;
    for (int32_t i = whole.first; i < whole.stop; i++)
        items[i].word = word_at(labels, items[i].label, depth);
    if (whole.stop - whole.first <= FEW)
        sort_few(items + whole.first, whole.stop - whole.first);
    else
        sort_many(items + whole.first, spare, whole.stop - whole.first);
    for (int32_t first = whole.first, stop; first < whole.stop; first = stop) {
        for (stop = first + 1; stop < whole.stop && items[stop].word == items[first].word;)
            stop++;
        if (stop - first < 2)
            continue;
        const int32_t ended = sort_ended(labels, items + first, stop - first, depth + WORD);
        if (stop - first - ended > 1)
            open[n_open++] = (range){first + ended, stop};
    }
    return n_open;
}

/* Word by word; of each, only the ranges that are alike so far. Each of these has two labels or more. */
static sif_status sort_items(const sif_labels *labels, item *items, item *spare, range *open, range *next, const sif_interrupt_check *interrupt) {
    int32_t n_open = 1;
    int64_t work = 0;
    open[0] = (range){0, (int32_t)labels->size};
    for (int64_t depth = 0; n_open > 0; depth += WORD) {
        int32_t n_next = 0;
        for (int32_t i = 0; i < n_open; i++) {
            n_next += sort_range(labels, items, spare, open[i], depth, next + n_next);
            if (sif_is_interrupted_after(interrupt, &work, open[i].stop - open[i].first))
                return sif_fail(SIF_INTERRUPTED, -1, 0);
        }
        range *const done = open;
        open = next;
        next = done;
        n_open = n_next;
    }
    return sif_ok();
}

sif_status sif_sort_labels(const sif_dictionary *dictionary, int32_t *place, const sif_interrupt_check *interrupt) {
    const sif_labels labels = sif_labels_of(dictionary);
    const sif_numbering *const numbering = sif_numbering_of(dictionary);
    if (labels.size == 0)
        return sif_ok();
    if (numbering != NULL && numbering->size / NUMBERS_A_LABEL <= labels.size) {
        sif_place_by_number(numbering, place);
        return sif_is_interrupted(interrupt) ? sif_fail(SIF_INTERRUPTED, -1, 0) : sif_ok();
    }
    const uint64_t n = (uint64_t)labels.size;
    item *const items = sif_room_for(2 * n, sizeof *items);
    range *const open = sif_room_for(n + 2, sizeof *open); /* two lists, of n / 2 and one each */
    sif_status status = sif_fail(SIF_NO_MEMORY, -1, 0);
    if (items != NULL && open != NULL) {
        for (int32_t i = 0; i < labels.size; i++)
            items[i].label = i;
        status = sort_items(&labels, items, items + n, open, open + n / 2 + 1, interrupt);
        for (int32_t i = 0; i < labels.size; i++)
            place[items[i].label] = i;
    }
    free(items);
    free(open);
    return status;
}

int64_t sif_bytes_of_labels(const sif_dictionary *dictionary) {
    const sif_labels labels = sif_labels_of(dictionary);
    return labels.size > 0 ? labels.ends[labels.size - 1] : 0;
}

void sif_copy_labels(const sif_dictionary *dictionary, const int32_t *place, int64_t *first_rows, int64_t *offsets, uint8_t *bytes) {
    const sif_labels labels = sif_labels_of(dictionary);
    const int64_t *const rows = sif_first_rows(dictionary);
    offsets[0] = 0;
    for (int32_t label = 0; label < labels.size; label++) {
        const int64_t at = place != NULL ? place[label] : label;
        first_rows[at] = rows[label];
        offsets[at + 1] = length_of(&labels, label);
    }
    for (int64_t at = 0; at < labels.size; at++)
        offsets[at + 1] += offsets[at];
    for (int32_t label = 0; label < labels.size; label++) {
        const int64_t length = length_of(&labels, label);
        if (length > 0)
            memcpy(bytes + offsets[place != NULL ? place[label] : label], labels.bytes + begin_of(&labels, label), (size_t)length);
    }
}
