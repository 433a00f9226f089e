/* sif_encode_text: what it must refuse, and texts that only few columns have. */
#include "encode_text.h"
#include "properties/encode_text.h"

static sif_status encode_bytes(const uint8_t *bytes, int64_t size, int64_t start, int64_t stop) {
    const int64_t offsets[] = {0, 0, start, stop};
    const sif_texts texts = {.n = 3, .kind = SIF_OFFSETS64, .rows = offsets, .buffers = &bytes, .sizes = &size};
    int32_t codes[3];
    sif_dictionary *const dictionary = sif_new_dictionary(7, 100);
    const sif_status status = sif_encode_text(dictionary, &texts, 40, codes, NULL);
    sif_free_dictionary(dictionary);
    return status;
}

static void texts_outside_their_bytes_are_named(void) {
    static const uint8_t bytes[40] = {'a'};
    CHECK_STATUS(encode_bytes(bytes, 40, 0, 40), SIF_OK, -1, 0);
    CHECK_STATUS(encode_bytes(bytes, 40, 0, 41), SIF_BAD_TEXT, 42, 0);
    CHECK_STATUS(encode_bytes(bytes, 40, -1, 40), SIF_BAD_TEXT, 41, 0);
    CHECK_STATUS(encode_bytes(bytes, 40, 9, 8), SIF_BAD_TEXT, 42, 0);
    CHECK_STATUS(encode_bytes(bytes, INT64_MAX, 0, (int64_t)1 << 31), SIF_BAD_TEXT, 42, 0); /* longer than a text may be */
}

static void offsets_of_missing_rows_are_not_looked_at(void) {
    static const uint8_t bytes[40] = {'a'}, validity = 4; /* of three rows the last has a text */
    const uint8_t *const data = bytes;
    const int64_t size = sizeof bytes;
    static const int64_t cases[][4] = {{-1, 0, 5, 6}, {INT64_MIN, INT64_MAX, 5, 6}, {50, 60, 5, 6}, {0, INT64_MIN, 5, 6}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const sif_texts texts = {
            .n = 3, .kind = SIF_OFFSETS64, .rows = cases[c], .validity = &validity, .buffers = &data, .sizes = &size};
        int32_t codes[3];
        sif_dictionary *const dictionary = sif_new_dictionary(7, 100);
        CHECK_STATUS(sif_encode_text(dictionary, &texts, 0, codes, NULL), SIF_OK, -1, 0);
        CHECK(codes[0] == -1 && codes[1] == -1 && codes[2] == 0);
        sif_free_dictionary(dictionary);
    }
    const int64_t before[] = {-1, 0, 5, 6};
    const sif_texts texts = {.n = 3, .kind = SIF_OFFSETS64, .rows = before, .buffers = &data, .sizes = &size};
    int32_t codes[3];
    sif_dictionary *const dictionary = sif_new_dictionary(7, 100);
    CHECK_STATUS(sif_encode_text(dictionary, &texts, 0, codes, NULL), SIF_BAD_TEXT, 0, 0);
    sif_free_dictionary(dictionary);
}

static void views_outside_their_buffers_are_named(void) {
    static const uint8_t bytes[40] = {'a'};
    const uint8_t *const buffers[] = {bytes};
    const int64_t sizes[] = {sizeof bytes};
    static const struct {
        int32_t view[4];
        int is_good;
    } cases[] = {
        {{40, 0, 0, 0}, 1}, {{-1, 0, 0, 0}, 0}, {{41, 0, 0, 0}, 0}, {{13, 0, 1, 0}, 0}, {{13, 0, -1, 0}, 0}, {{13, 0, 0, -1}, 0}, {{13, 0, 0, 28}, 0}, {{13, 0, 0, 27}, 1},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const sif_texts texts = {.n = 1, .kind = SIF_VIEWS, .rows = cases[c].view, .buffers = buffers, .sizes = sizes, .n_buffers = 1};
        int32_t code;
        sif_dictionary *const dictionary = sif_new_dictionary(7, 100);
        const sif_status status = sif_encode_text(dictionary, &texts, 0, &code, NULL);
        CHECK(status.code == (cases[c].is_good ? SIF_OK : SIF_BAD_TEXT) && status.row == (cases[c].is_good ? -1 : 0));
        sif_free_dictionary(dictionary);
    }
}

/* The last offset that 32 bits have, and the first: as differences wrap round, the text seems to be one byte long. */
static void offsets_that_wrap_round_are_named(void) {
    static const int32_t offsets[] = {INT32_MAX, INT32_MIN};
    static const uint8_t bytes[40] = {'a'};
    const uint8_t *const data = bytes;
    const int64_t size = sizeof bytes;
    const sif_texts texts = {.n = 1, .kind = SIF_OFFSETS32, .rows = offsets, .buffers = &data, .sizes = &size};
    int32_t code;
    sif_dictionary *const dictionary = sif_new_dictionary(7, 100);
    CHECK_STATUS(sif_encode_text(dictionary, &texts, 0, &code, NULL), SIF_BAD_TEXT, 0, 0);
    sif_free_dictionary(dictionary);
}

static void a_view_of_a_buffer_that_there_is_not_is_named(void) {
    static const int32_t view[4] = {13, 0, 0, 0};
    const sif_texts texts = {.n = 1, .kind = SIF_VIEWS, .rows = view};
    int32_t code;
    sif_dictionary *const dictionary = sif_new_dictionary(7, 100);
    CHECK_STATUS(sif_encode_text(dictionary, &texts, 0, &code, NULL), SIF_BAD_TEXT, 0, 0);
    sif_free_dictionary(dictionary);
}

/* By the table of RFC 3629. */
static void what_is_no_utf8_is_refused(void) {
    static const struct {
        const char *bytes;
        int is_good;
    } cases[] = {
        {"\x7F", 1},         {"\x80", 0},         {"\xC1\xBF", 0},     {"\xC2\x80", 1},         {"\xC2", 0},
        {"\xC2\x41", 0},     {"\xC2\xC0", 0},     {"\xDF\xBF", 1},     {"\xE0\x9F\x80", 0},     {"\xE0\xA0\x80", 1},
        {"\xED\x9F\xBF", 1}, {"\xED\xA0\x80", 0}, {"\xEF\xBF\xBF", 1}, {"\xF0\x8F\x80\x80", 0}, {"\xF0\x90\x80\x80", 1},
        {"\xF4\x8F\xBF\xBF", 1}, {"\xF4\x90\x80\x80", 0}, {"\xF5\x80\x80\x80", 0}, {"\xE2\x82", 0}, {"\xE2\x82\x28", 0}, {"eight of them \xFF", 0},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const int64_t size = (int64_t)strlen(cases[c].bytes);
        CHECK_STATUS(encode_bytes((const uint8_t *)cases[c].bytes, size, 0, size), cases[c].is_good ? SIF_OK : SIF_BAD_TEXT,
                     cases[c].is_good ? -1 : 42, 0);
    }
}

enum { NUMBERS = 2000, WIDTH_OF_NUMBER = 8 };

/* "SC000000", "SC000003", ...: so many that they are numbered. */
static void print_numbers(char *bytes, int64_t *offsets) {
    for (int64_t i = 0; i < NUMBERS; i++) {
        char text[WIDTH_OF_NUMBER + 1];
        snprintf(text, sizeof text, "SC%06d", (int)(3 * i));
        memcpy(bytes + WIDTH_OF_NUMBER * i, text, WIDTH_OF_NUMBER);
        offsets[i + 1] = WIDTH_OF_NUMBER * (i + 1);
    }
}

static void check_look_up(const sif_dictionary *dictionary, const char *text, int32_t expected) {
    char bytes[512] = {0};
    const int64_t length = (int64_t)strlen(text), size = sizeof bytes, offsets[] = {0, length};
    memcpy(bytes, text, (size_t)length);
    const uint8_t *const data = (const uint8_t *)bytes;
    /* With room behind the text, and with none. */
    for (int has_room = 0; has_room < 2; has_room++) {
        const int64_t n_bytes = has_room ? size : length;
        const sif_texts texts = {.n = 1, .kind = SIF_OFFSETS64, .rows = offsets, .buffers = &data, .sizes = &n_bytes};
        int32_t code;
        int64_t n_unknown;
        CHECK_STATUS(sif_look_up_text(dictionary, &texts, &code, &n_unknown, NULL), SIF_OK, -1, 0);
        CHECK(code == expected && n_unknown == (expected == SIF_UNKNOWN));
    }
}

/* Whatever is looked up among numbered labels; a text that does not fit comes among them, and all keep their codes. */
static void labels_that_are_numbers_are_told_from_what_is_none(void) {
    static char bytes[NUMBERS * WIDTH_OF_NUMBER + SIF_TEXT_ROOM];
    static int64_t offsets[NUMBERS + 1];
    static int32_t codes[NUMBERS], place[NUMBERS + 1];
    const uint8_t *const data = (const uint8_t *)bytes;
    const int64_t size = sizeof bytes;
    print_numbers(bytes, offsets);
    const sif_texts texts = {.n = NUMBERS, .kind = SIF_OFFSETS64, .rows = offsets, .buffers = &data, .sizes = &size};
    sif_dictionary *const dictionary = sif_new_dictionary(7, INT32_MAX - 3);
    for (int again = 0; again < 2; again++) {
        CHECK_STATUS(sif_encode_text(dictionary, &texts, 0, codes, NULL), SIF_OK, -1, 0);
        for (int32_t i = 0; i < NUMBERS; i++)
            CHECK(codes[i] == i);
        CHECK_STATUS(sif_sort_labels(dictionary, place, NULL), SIF_OK, -1, 0);
        for (int32_t i = 0; i < NUMBERS; i++)
            CHECK(place[i] == i);
        CHECK((sif_numbering_of(dictionary) != NULL) == (again == 0));
        check_look_up(dictionary, "SC000003", 1);
        check_look_up(dictionary, "SC005997", NUMBERS - 1);
        static const char *const others[] = {"", "SC000001", "SC00000", "SC0000030", "sc000003", "SC00000/", "SC00000:", "SC00000\xC3", "SC900000",
                                             "Barking and Dagenham", "Bournemouth, Christchurch and Poole",
                                             "Bournemouth, Christchurch and Poole, and so on and so on and so on"};
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            check_look_up(dictionary, others[i], SIF_UNKNOWN);
        static const int64_t odd[] = {0, 5};
        const uint8_t *const odd_data = (const uint8_t *)"other";
        const int64_t odd_size = 5;
        const sif_texts one = {.n = 1, .kind = SIF_OFFSETS64, .rows = odd, .buffers = &odd_data, .sizes = &odd_size};
        int32_t code;
        CHECK_STATUS(sif_encode_text(dictionary, &one, NUMBERS, &code, NULL), SIF_OK, -1, 0);
        CHECK(code == NUMBERS);
    }
    sif_free_dictionary(dictionary);
}

/* Of a block with a row outside its bytes no row is looked up: who adds what is unknown says which row is wrong. */
static void a_row_outside_its_bytes_is_unknown_and_then_named(void) {
    static const int64_t offsets[] = {0, 1, 9};
    static const uint8_t bytes[] = "ab";
    const uint8_t *const data = bytes;
    const int64_t size = 2;
    const sif_texts texts = {.n = 2, .kind = SIF_OFFSETS64, .rows = offsets, .buffers = &data, .sizes = &size};
    int32_t codes[2];
    int64_t n_unknown;
    sif_dictionary *const dictionary = sif_new_dictionary(3, 9);
    CHECK_STATUS(sif_look_up_text(dictionary, &texts, codes, &n_unknown, NULL), SIF_OK, -1, 0);
    CHECK(n_unknown == 2 && codes[0] == SIF_UNKNOWN && codes[1] == SIF_UNKNOWN);
    CHECK_STATUS(sif_encode_unknown(dictionary, &texts, 70, codes, NULL), SIF_BAD_TEXT, 71, 0);
    sif_free_dictionary(dictionary);
}

/* One of the secret words of a dictionary: splitmix64 makes them of the seed. */
static uint64_t secret_of(uint64_t seed, uint64_t number) {
    uint64_t word = seed + (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    word = (word ^ word >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
    return word ^ word >> 31;
}

static int is_ascii(uint64_t word) {
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

/* A secret is laid over each word of a text before two are multiplied. Where a text's first word is the first secret, and its second the third,
 * both products are 0, whatever its third is: all these texts begin at one slot. Did the dictionary not take another seed, a quarter of a
 * million would take minutes. */
static void texts_that_were_chosen_for_one_slot_are_told_apart(void) {
    enum { N = 250000, WIDTH = 24 };
    uint64_t seed = 0;
    while (!is_ascii(secret_of(seed, 0)) || !is_ascii(secret_of(seed, 2)))
        seed++;
    uint8_t *const bytes = allocate(N, WIDTH);
    int64_t *const offsets = allocate(N + 1, sizeof *offsets), size = (int64_t)N * WIDTH;
    for (uint64_t i = 0; i < N; i++) {
        const uint64_t words[3] = {secret_of(seed, 0), secret_of(seed, 2), (i & 127) | (i >> 7 & 127) << 8 | (i >> 14 & 127) << 16};
        memcpy(bytes + WIDTH * i, words, WIDTH);
        offsets[i + 1] = (int64_t)(i + 1) * WIDTH;
    }
    const uint8_t *const data = bytes;
    const sif_texts texts = {.n = N, .kind = SIF_OFFSETS64, .rows = offsets, .buffers = &data, .sizes = &size};
    int32_t *const codes = allocate(N, sizeof *codes);
    sif_dictionary *const dictionary = sif_new_dictionary(seed, INT32_MAX - 3);
    CHECK_STATUS(sif_encode_text(dictionary, &texts, 0, codes, NULL), SIF_OK, -1, 0);
    CHECK(sif_dictionary_size(dictionary) == N);
    sif_free_dictionary(dictionary);
    free(bytes);
    free(offsets);
    free(codes);
}

/* "a", "a\0", "a\0\0", ...: padded they are all the same, and of each seed's dictionary some begin at one slot. */
static void nuls_at_the_end_of_a_text_are_part_of_it(void) {
    enum { N = SIF_MEDIUM_TEXT + 9, SEEDS = 2000 };
    uint8_t bytes[N * (N + 1) / 2] = {0};
    const uint8_t *const data = bytes;
    int64_t offsets[N + 1] = {0};
    for (int64_t i = 0; i < N; i++) {
        bytes[offsets[i]] = 'a';
        offsets[i + 1] = offsets[i] + i + 1;
    }
    const int64_t size = sizeof bytes;
    const sif_texts texts = {.n = N, .kind = SIF_OFFSETS64, .rows = offsets, .buffers = &data, .sizes = &size};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sif_dictionary *const dictionary = sif_new_dictionary(seed, N);
        for (int again = 0; again < 2; again++) {
            int32_t codes[N];
            CHECK_STATUS(sif_encode_text(dictionary, &texts, 0, codes, NULL), SIF_OK, -1, 0);
            for (int32_t i = 0; i < N; i++)
                CHECK(codes[i] == i);
        }
        sif_free_dictionary(dictionary);
    }
}

/* Of a long text the dictionary knows its hash, and compares its bytes where hash and length are the same. The hash multiplies what two
 * words of the text and two secrets make; where a word is the secret, one factor is 0, and nothing that the other says is left. So who
 * knows the seed can choose texts of one hash that differ wherever he likes, here in one byte. */
static void long_texts_of_one_hash_are_told_apart(void) {
    enum { WORDS = 6 + 4 * (SIF_MEDIUM_TEXT / 48), WIDTH = 8 * WORDS, N = 1 + WIDTH };
    _Static_assert((int)WIDTH > (int)SIF_MEDIUM_TEXT && WIDTH % 32 == 16, "a long text; its last two words are in a round of their own");
    uint64_t seed = 0, first, last;
    do {
        first = secret_of(++seed, 0);
        last = secret_of(seed, 3);
    } while (!is_ascii(first) || !is_ascii(last));
    uint8_t bytes[N][WIDTH];
    int64_t offsets[N + 1] = {0};
    for (int64_t i = 0; i < N; i++) {
        for (int64_t w = 0; w < WORDS; w++) {
            const int is_free = w % 4 == 0 || w % 4 == 2 || w == WORDS - 1;
            const uint64_t word = w == WORDS - 2 || w % 4 == 1 ? last : w % 4 == 3 ? first : 0;
            if (is_free && w != WORDS - 2)
                memset(bytes[i] + 8 * w, 'a', 8);
            else
                memcpy(bytes[i] + 8 * w, &word, 8);
        }
        if (i > 0)
            bytes[i][i - 1] ^= 1;
        offsets[i + 1] = (i + 1) * WIDTH;
    }
    const uint8_t *const data = bytes[0];
    const int64_t size = sizeof bytes;
    const sif_texts texts = {.n = N, .kind = SIF_OFFSETS64, .rows = offsets, .buffers = &data, .sizes = &size};
    int32_t codes[N];
    sif_dictionary *const dictionary = sif_new_dictionary(seed, N);
    CHECK_STATUS(sif_encode_text(dictionary, &texts, 0, codes, NULL), SIF_OK, -1, 0);
    for (int32_t i = 0; i < N; i++)
        CHECK(codes[i] == i);
    sif_free_dictionary(dictionary);
}

static void codes_that_are_none_become_missing(void) {
    int32_t codes[] = {0, 2, -1, INT32_MIN, 1, INT32_MAX};
    static const int32_t place[] = {1, 0};
    CHECK_STATUS(sif_recode(6, 2, place, codes, NULL), SIF_OK, -1, 0);
    CHECK(codes[0] == 1 && codes[1] == -1 && codes[2] == -1 && codes[3] == -1 && codes[4] == 0 && codes[5] == -1);
}

int main(void) {
    sif_free_dictionary(NULL);
    EACH_VERSION {
        RUN(a_row_outside_its_bytes_is_unknown_and_then_named);
        RUN(texts_outside_their_bytes_are_named);
        RUN(offsets_of_missing_rows_are_not_looked_at);
        RUN(views_outside_their_buffers_are_named);
        RUN(offsets_that_wrap_round_are_named);
        RUN(a_view_of_a_buffer_that_there_is_not_is_named);
        RUN(what_is_no_utf8_is_refused);
        RUN(labels_that_are_numbers_are_told_from_what_is_none);
        RUN(texts_that_were_chosen_for_one_slot_are_told_apart);
        RUN(nuls_at_the_end_of_a_text_are_part_of_it);
        RUN(long_texts_of_one_hash_are_told_apart);
        RUN(codes_that_are_none_become_missing);
        REPEAT(300, encode_text_holds);
    }
    return report();
}
