/* What holds of sif_encode_text: in every layout equal texts, and no others, have one code, numbered by first appearance, also where rows are
 * looked up first and what was unknown is added; a bad row is named; sif_sort_labels gives the order of bytes, and sif_recode applies it;
 * sif_copy_labels gives the texts. */
#include "check.h"

enum { MOST_LENGTH = 80, LAYOUTS = 3 };

typedef struct {
    int64_t n;
    uint8_t (*text)[MOST_LENGTH];
    int32_t *length; /* -1 missing */
} plain_texts;

/* A text such as numbers of providers and dates are: of one length, with some letters of their own at each place. */
static inline int32_t random_number(uint8_t *text, int64_t length, int64_t letters) {
    for (int64_t at = 0; at < length; at++)
        text[at] = (uint8_t)('0' + at * 5 % 7 + random_below(1 + at * letters % 11));
    return (int32_t)length;
}

static inline plain_texts random_texts(int64_t n) {
    static const char *const pieces[] = {"a", "b", "\0", "Local ", "authority", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9D\x84\x9E"};
    const int64_t kinds = 1 + random_below(8), most_pieces = 1 + random_below(14), one_in = 1 + random_below(6);
    const int has_missing = random_below(2) == 0, are_mostly_new = random_below(4) == 0;
    const int64_t digits = random_below(2) == 0 ? 1 + random_below(18) : 0, letters = random_below(11), one_other_in = 2 + random_below(4000);
    const plain_texts made = {n, allocate(n, MOST_LENGTH), allocate(n, sizeof *made.length)};
    for (int64_t i = 0; i < n; i++) {
        if (has_missing && random_below(5) == 0) {
            made.length[i] = -1;
            continue;
        }
        if (i > 0 && random_below(one_in) != 0 && !are_mostly_new) { /* one that was there */
            const int64_t before = random_below(i);
            memcpy(made.text[i], made.text[before], MOST_LENGTH);
            made.length[i] = made.length[before];
            continue;
        }
        if (digits > 0 && random_below(one_other_in) != 0) {
            made.length[i] = random_number(made.text[i], digits, letters);
            continue;
        }
        size_t length = 0;
        for (int64_t left = random_below(most_pieces + 1); left > 0; left--) {
            const char *const piece = pieces[random_below(kinds)];
            const size_t width = *piece == '\0' ? 1 : strlen(piece);
            if (length + width <= MOST_LENGTH - 3) {
                memcpy(made.text[i] + length, piece, width);
                length += width;
            }
        }
        if (are_mostly_new)
            for (int64_t number = random_below(5000); number > 0; number /= 40)
                made.text[i][length++] = (uint8_t)('0' + number % 40);
        made.length[i] = (int32_t)length;
    }
    return made;
}

static inline int is_same_text(const plain_texts *texts, int64_t i, int64_t k) {
    return texts->length[i] == texts->length[k] && memcmp(texts->text[i], texts->text[k], (size_t)texts->length[i]) == 0;
}

/* By comparing each row with each label whose bytes have the same sum: the codes, and the first row of each label. Returns the number of
 * labels. */
static inline int64_t expected_codes(const plain_texts *texts, int32_t *codes, int64_t *first_rows) {
    enum { SUMS = 256 };
    int32_t last[SUMS], *const before = allocate(texts->n, sizeof *before); /* of each sum the last label, and of each label the one before */
    for (int sum = 0; sum < SUMS; sum++)
        last[sum] = -1;
    int64_t size = 0;
    for (int64_t i = 0; i < texts->n; i++) {
        codes[i] = -1;
        if (texts->length[i] < 0)
            continue;
        uint8_t sum = 0;
        for (int32_t at = 0; at < texts->length[i]; at++)
            sum = (uint8_t)(sum * 7 + texts->text[i][at]);
        for (codes[i] = last[sum]; codes[i] >= 0 && !is_same_text(texts, i, first_rows[codes[i]]);)
            codes[i] = before[codes[i]];
        if (codes[i] >= 0)
            continue;
        codes[i] = (int32_t)size;
        before[size] = last[sum];
        last[sum] = codes[i];
        first_rows[size++] = i;
    }
    free(before);
    return size;
}

/* The rows laid out in a way, in memory that is no larger than they are; free_layout frees it. */
typedef struct {
    sif_texts texts;
    void *rows;
    uint8_t *data[2], *bits;
    const uint8_t **buffers;
    int64_t *sizes;
} layout;

static inline uint8_t *exactly(const uint8_t *bytes, int64_t n) {
    uint8_t *const copy = malloc(n > 0 ? (size_t)n : 1);
    if (copy == NULL)
        exit(2);
    memcpy(copy, bytes, (size_t)n);
    return copy;
}

static inline void lay_views(const plain_texts *plain, layout *made, int64_t total) {
    uint8_t *const data[2] = {allocate(total, 1), allocate(total, 1)}, *const views = allocate(plain->n, 16);
    for (int64_t i = 0; i < plain->n; i++) {
        uint8_t *const view = views + 16 * i;
        const int32_t length = plain->length[i];
        if (length < 0) {
            memset(view, (int)random_below(256), 16);
            continue;
        }
        memcpy(view, &length, 4);
        if (length <= 12) {
            memcpy(view + 4, plain->text[i], (size_t)length);
            continue;
        }
        const int32_t at[2] = {(int32_t)random_below(2), (int32_t)made->sizes[at[0]]};
        memcpy(view + 4, plain->text[i], 4);
        memcpy(view + 8, at, 8);
        memcpy(data[at[0]] + at[1], plain->text[i], (size_t)length);
        made->sizes[at[0]] += length;
    }
    for (int b = 0; b < 2; b++) {
        made->data[b] = exactly(data[b], made->sizes[b]);
        made->buffers[b] = made->data[b];
        free(data[b]);
    }
    made->rows = views;
    made->texts.n_buffers = 2;
}

static inline layout laid_out(const plain_texts *plain, sif_text_kind kind) {
    layout made = {.buffers = allocate(2, sizeof *made.buffers), .sizes = allocate(2, sizeof *made.sizes)};
    int64_t total = 0;
    for (int64_t i = 0; i < plain->n; i++)
        total += plain->length[i] > 0 ? plain->length[i] : 0;
    made.texts = (sif_texts){.n = plain->n, .kind = kind};
    uint8_t *const data = allocate(total, 1);
    if (kind == SIF_VIEWS)
        lay_views(plain, &made, total);
    else {
        int32_t *const narrow = allocate(plain->n + 1, sizeof *narrow);
        int64_t *const wide = allocate(plain->n + 1, sizeof *wide), at = 0;
        for (int64_t i = 0; i < plain->n; i++) {
            const int64_t length = plain->length[i] > 0 ? plain->length[i] : 0;
            memcpy(data + at, plain->text[i], (size_t)length);
            at += length;
            wide[i + 1] = at;
            narrow[i + 1] = (int32_t)at;
        }
        made.data[0] = exactly(data, total);
        made.buffers[0] = made.data[0];
        made.sizes[0] = total;
        made.rows = kind == SIF_OFFSETS32 ? (void *)narrow : wide;
        free(kind == SIF_OFFSETS32 ? (void *)wide : narrow);
    }
    free(data);
    made.texts.rows = made.rows;
    made.texts.buffers = made.buffers;
    made.texts.sizes = made.sizes;
    made.texts.validity_offset = random_below(9);
    made.bits = allocate((plain->n + made.texts.validity_offset + 7) / 8, 1);
    for (int64_t i = 0; i < plain->n; i++)
        if (plain->length[i] >= 0)
            made.bits[(i + made.texts.validity_offset) >> 3] |= (uint8_t)(1 << ((i + made.texts.validity_offset) & 7));
    made.texts.validity = made.bits;
    return made;
}

static inline void free_layout(const layout *made) {
    free(made->rows);
    free(made->data[0]);
    free(made->data[1]);
    free(made->bits);
    free(made->buffers);
    free(made->sizes);
}

/* The rows from `start` on, `count` of them. */
static inline sif_texts rows_of(const sif_texts *texts, int64_t start, int64_t count) {
    sif_texts some = *texts;
    some.n = count;
    some.validity_offset += start;
    some.rows = (const uint8_t *)texts->rows + start * (texts->kind == SIF_VIEWS ? 16 : texts->kind == SIF_OFFSETS32 ? 4 : 8);
    return some;
}

static inline int comes_before(const plain_texts *texts, int64_t i, int64_t k) {
    const int32_t length = texts->length[i], other = texts->length[k], shorter = length < other ? length : other;
    const int likeness = memcmp(texts->text[i], texts->text[k], (size_t)shorter);
    return likeness < 0 || (likeness == 0 && length < other);
}

/* Labels are their texts; in the order of `place` where that is given. */
static inline void check_labels(const plain_texts *plain, const sif_dictionary *dictionary, const int32_t *place) {
    const int64_t size = sif_dictionary_size(dictionary), *const known_rows = sif_first_rows(dictionary);
    int64_t *const first_rows = allocate(size, sizeof *first_rows), *const offsets = allocate(size + 1, sizeof *offsets);
    uint8_t *const bytes = allocate(sif_bytes_of_labels(dictionary), 1);
    sif_copy_labels(dictionary, place, first_rows, offsets, bytes);
    CHECK(offsets[0] == 0 && offsets[size] == sif_bytes_of_labels(dictionary));
    for (int64_t label = 0; label < size; label++) {
        const int64_t at = place != NULL ? place[label] : label, row = first_rows[at];
        CHECK(row == known_rows[label]);
        CHECK(offsets[at + 1] - offsets[at] == plain->length[row]);
        CHECK(memcmp(bytes + offsets[at], plain->text[row], (size_t)plain->length[row]) == 0);
    }
    free(first_rows);
    free(offsets);
    free(bytes);
}

static inline void check_sorted(const plain_texts *plain, const sif_dictionary *dictionary, int32_t *codes) {
    const int64_t size = sif_dictionary_size(dictionary), *const first_rows = sif_first_rows(dictionary);
    int32_t *const place = allocate(size, sizeof *place), *const before = allocate(plain->n, sizeof *before);
    int64_t *const label_at = allocate(size, sizeof *label_at);
    memcpy(before, codes, (size_t)plain->n * sizeof *codes);
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    if (!was_interrupted(sif_sort_labels(dictionary, place, &interrupt), &left)) {
        for (int64_t label = 0; label < size; label++)
            label_at[place[label]] = label;
        for (int64_t at = 0; at + 1 < size; at++)
            CHECK(comes_before(plain, first_rows[label_at[at]], first_rows[label_at[at + 1]]));
        check_labels(plain, dictionary, place);
        left = (test_interrupt){0};
        CHECK_STATUS(sif_recode(plain->n, size, place, codes, &interrupt), SIF_OK, -1, 0);
        for (int64_t i = 0; i < plain->n; i++)
            CHECK(codes[i] == (before[i] < 0 ? -1 : place[before[i]]));
    }
    free(place);
    free(before);
    free(label_at);
}

/* Looks the rows up, in two pieces as threads do, and adds what is unknown. */
static inline sif_status look_up_and_add(sif_dictionary *dictionary, const sif_texts *texts, int64_t first_row, int32_t *codes,
                                         const sif_interrupt_check *interrupt) {
    const int64_t cut = random_below(texts->n + 1), known = sif_dictionary_size(dictionary);
    int64_t unknown[2], counted = 0;
    for (int piece = 0; piece < 2; piece++) {
        const sif_texts some = piece == 0 ? rows_of(texts, 0, cut) : rows_of(texts, cut, texts->n - cut);
        const sif_status status = sif_look_up_text(dictionary, &some, codes + piece * cut, &unknown[piece], interrupt);
        if (status.code != SIF_OK)
            return status;
    }
    for (int64_t i = 0; i < texts->n; i++) {
        CHECK(codes[i] < known && codes[i] >= SIF_UNKNOWN);
        counted += codes[i] == SIF_UNKNOWN;
    }
    CHECK(counted == unknown[0] + unknown[1] && sif_dictionary_size(dictionary) == known);
    return sif_encode_unknown(dictionary, texts, first_row, codes, interrupt);
}

static void encode_text_holds(void) {
    const int64_t n = random_below(8) == 0 ? random_below(4000) : random_below(150);
    plain_texts plain = random_texts(n);
    const sif_text_kind kind = (sif_text_kind)random_below(LAYOUTS);
    int32_t *const expected = allocate(n, sizeof *expected), *const codes = allocate(n, sizeof *codes);
    int64_t *const first_rows = allocate(n, sizeof *first_rows);
    const int64_t size = expected_codes(&plain, expected, first_rows);
    const layout made = laid_out(&plain, kind);
    sif_texts texts = made.texts;
    int has_missing = random_below(2) == 0;
    for (int64_t i = 0; i < n; i++)
        has_missing |= expected[i] < 0;
    texts.validity = has_missing ? texts.validity : NULL;

    const int64_t most = random_below(8) == 0 ? random_below(size + 1) : INT32_MAX - 3, cut = random_below(n + 1);
    sif_dictionary *const dictionary = sif_new_dictionary((uint64_t)random_below(INT64_MAX), most);
    test_interrupt left = random_interrupt();
    const sif_interrupt_check interrupt = {ask, &left};
    const sif_texts first = rows_of(&texts, 0, cut), second = rows_of(&texts, cut, n - cut);
    sif_status status = sif_encode_text(dictionary, &first, 0, codes, &interrupt);
    if (status.code == SIF_OK)
        status = random_below(2) == 0 ? sif_encode_text(dictionary, &second, cut, codes + cut, &interrupt)
                                      : look_up_and_add(dictionary, &second, cut, codes + cut, &interrupt);
    if (!was_interrupted(status, &left)) {
        if (size > most)
            CHECK_STATUS(status, SIF_TOO_LARGE, first_rows[most], most);
        else {
            CHECK_STATUS(status, SIF_OK, -1, 0);
            CHECK(sif_dictionary_size(dictionary) == size);
            CHECK(size == 0 || memcmp(sif_first_rows(dictionary), first_rows, (size_t)size * sizeof *first_rows) == 0);
            CHECK(memcmp(codes, expected, (size_t)n * sizeof *codes) == 0);
            check_labels(&plain, dictionary, NULL);
            check_sorted(&plain, dictionary, codes);
        }
    }
    sif_free_dictionary(dictionary);
    free_layout(&made);
    free(plain.text);
    free(plain.length);
    free(expected);
    free(codes);
    free(first_rows);
}
