/* Every kernel that takes an interrupt check, stopped at each of the times that it asks: it says so, and its outputs are void. */
#include <math.h>

#include "check.h"

enum { ROWS = SIF_ROWS_PER_CHECK + 5000, PROVIDERS = ROWS / 4, GRADES = 4, DATES = 12 };

/* What the calls share; `far_days` are publications whose days do not fit a word with the rest. */
static int64_t provider[ROWS], scattered[ROWS], inspected[ROWS], near_days[ROWS], far_days[ROWS], dates[DATES];
static int64_t group[ROWS], day[ROWS];
static int32_t narrow[ROWS];
static int16_t of_thousands[ROWS];
static int8_t grade[ROWS];
static double values[ROWS], doubles[ROWS];
static int64_t words[4][ROWS];
enum { WIDTH = 8 };
static uint8_t texts[ROWS][WIDTH]; /* each row another */
static int64_t offsets[ROWS + 1];

static void fill(void) {
    for (int64_t i = 0; i < ROWS; i++) {
        provider[i] = i / 4;
        scattered[i] = random_below(PROVIDERS);
        narrow[i] = (int32_t)scattered[i];
        inspected[i] = 1000 + 300 * (i % 4) + random_below(200);
        near_days[i] = inspected[i] + random_below(60);
        far_days[i] = random_below(INT64_MAX) - INT64_MAX / 2;
        grade[i] = (int8_t)(random_below(GRADES + 1) - 1);
        group[i] = i / 50;
        of_thousands[i] = (int16_t)(i % 5000);
        day[i] = i;
        values[i] = (double)random_below(1000000);
        for (int digit = 0; digit < WIDTH; digit++)
            texts[i][digit] = (uint8_t)('a' + (i >> 4 * digit & 15));
        offsets[i + 1] = (i + 1) * WIDTH;
    }
    for (int64_t d = 0; d < DATES; d++)
        dates[d] = 900 + 100 * d;
}

static sif_codes codes_of(const void *data, int64_t size, sif_kind kind) {
    return (sif_codes){.data = data, .size = size, .kind = kind};
}

static sif_records records_of(const int64_t *of, const int64_t *published) {
    return (sif_records){.n = ROWS, .provider = codes_of(of, PROVIDERS, SIF_INT64), .inspected = inspected, .published = published};
}

/* Calls a kernel with the interrupt check saying stop at its first, second, ... asking until it does not stop. VOID_NOW says whether
 * outputs are void. */
#define STOP_AT_EACH(NEXT, LEAST, CALL, VOID_NOW)                                                                                          \
    do {                                                                                                                                   \
        test_interrupt left = {.asked = 0, .stop_at = 0};                                                                                  \
        const sif_interrupt_check interrupt = {ask, &left};                                                                                \
        sif_status status;                                                                                                                 \
        do {                                                                                                                               \
            left = (test_interrupt){.asked = 0, .stop_at = (NEXT)};                                                                        \
            memset(words, 0, sizeof words);                                                                                                \
            memset(doubles, 0, sizeof doubles);                                                                                            \
            status = (CALL);                                                                                                               \
            CHECK(status.code == (left.asked < left.stop_at ? SIF_OK : SIF_INTERRUPTED));                                                  \
            CHECK(status.code == SIF_OK || (VOID_NOW));                                                                                    \
        } while (status.code == SIF_INTERRUPTED);                                                                                          \
        CHECK(left.asked >= (LEAST));                                                                                                      \
    } while (0)

#define STOP_EVERYWHERE(LEAST, CALL, VOID_NOW) STOP_AT_EACH(left.stop_at + 1, LEAST, CALL, VOID_NOW)
/* At the first, third, seventh, ... where tests of small bounds stop at each. */
#define STOP_NOW_AND_THEN(LEAST, CALL, VOID_NOW) STOP_AT_EACH(2 * left.stop_at + 1, LEAST, CALL, VOID_NOW)

static void counting(void) {
    const sif_codes grades = codes_of(grade, GRADES, SIF_INT8), few = codes_of(grade, GRADES, SIF_INT8);
    STOP_EVERYWHERE(1, sif_count_grades(ROWS, NULL, &grades, words[0], &interrupt), all_are(words[0], GRADES + 1, SIF_VOID));
    STOP_EVERYWHERE(1, sif_count_grades(ROWS, &few, &grades, words[0], &interrupt),
                    all_are(words[0], (GRADES + 1) * (GRADES + 1), SIF_VOID));
    /* Of many cells a table of 32 bits, of more one of bytes, of more than there are rows none. */
    const sif_codes many = codes_of(of_thousands, 5000, SIF_INT16), more = codes_of(group, ROWS / 50 + 1, SIF_INT64);
    const sif_codes most = codes_of(provider, PROVIDERS, SIF_INT64);
    const sif_codes *const groups[] = {&many, &more, &most};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        STOP_EVERYWHERE(1, sif_count_grades(ROWS, groups[i], &grades, &words[0][0], &interrupt),
                        all_are(&words[0][0], (groups[i]->size + 1) * (GRADES + 1), SIF_VOID));
    STOP_EVERYWHERE(1, sif_sum_weights(ROWS, &few, &grades, values, doubles, words[0], &interrupt),
                    isnan(doubles[0]) && all_are(words[0], GRADES + 1, SIF_VOID));
}

static void ordering(void) {
    int already;
    const sif_records in_a_word = records_of(scattered, near_days), in_rounds = records_of(scattered, far_days);
    STOP_EVERYWHERE(2, sif_order_records(&in_a_word, words[0], &already, &interrupt), all_are(words[0], ROWS, SIF_VOID));
    STOP_EVERYWHERE(3, sif_order_records(&in_rounds, words[0], &already, &interrupt), all_are(words[0], ROWS, SIF_VOID));
}

static void states(void) {
    const sif_codes grades = codes_of(grade, GRADES, SIF_INT8);
    const sif_records lying = records_of(provider, near_days), in_a_word = records_of(scattered, near_days),
                      in_rounds = records_of(scattered, far_days);
    STOP_EVERYWHERE(1, sif_latest_as_at(&lying, 2000, 2000, words[0], &interrupt), all_are(words[0], PROVIDERS, SIF_VOID));
    int64_t n_pairs;
    const sif_provider_days older = {ROWS, narrow, inspected}, newer = {ROWS, narrow, near_days};
    STOP_EVERYWHERE(3, sif_near_pairs(&older, &newer, 20, ROWS, words[0], words[1], &n_pairs, &interrupt), n_pairs == SIF_VOID);
    const sif_records *const each[] = {&lying, &in_a_word, &in_rounds};
    for (size_t r = 0; r < sizeof each / sizeof *each; r++)
        STOP_NOW_AND_THEN(1, sif_count_as_at(each[r], NULL, NULL, NULL, &grades, NULL, DATES, dates, dates, words[0], &interrupt),
                          all_are(words[0], DATES * (GRADES + 1), SIF_VOID));
    int64_t n_changes, *const cells = &words[0][0], *const changes = &words[2][0]; /* of two for each row */
    for (size_t r = 0; r < sizeof each / sizeof *each; r++)
        STOP_NOW_AND_THEN(
            2, sif_changes_as_at(each[r], NULL, NULL, &grades, NULL, DATES, dates, dates, &n_changes, cells, changes, &interrupt),
            n_changes == SIF_VOID && all_are(cells, 2 * ROWS, SIF_VOID) && all_are(changes, 2 * ROWS, SIF_VOID));
}

static void following(void) {
    const sif_codes grades = codes_of(grade, GRADES, SIF_INT8);
    const sif_records lying = records_of(provider, near_days);
    int64_t n_spells;
    STOP_EVERYWHERE(1, sif_count_transitions(&lying, NULL, NULL, NULL, NULL, &grades, words[0], &interrupt),
                    all_are(words[0], (GRADES + 1) * (GRADES + 1), SIF_VOID));
    const sif_codes groups = codes_of(group, ROWS / 50 + 1, SIF_INT64);
    STOP_EVERYWHERE(1, sif_count_transitions(&lying, NULL, NULL, &groups, NULL, &grades, words[0], &interrupt),
                    all_are(words[0], (groups.size + 1) * (GRADES + 1) * (GRADES + 1), SIF_VOID));
    STOP_EVERYWHERE(1, sif_spells(&lying, NULL, &grades, 3000, &n_spells, words[0], words[1], words[2], words[3], &interrupt),
                    n_spells == SIF_VOID);
}

static void trends(void) {
    const sif_codes grades = codes_of(grade, GRADES, SIF_INT8);
    const int64_t n_groups = ROWS / 50 + 1;
    const sif_dated groups = {.n = ROWS, .group = codes_of(group, n_groups, SIF_INT64), .day = day};
    STOP_EVERYWHERE(1, sif_kendall_grades(&groups, &grades, words[0], doubles, &interrupt),
                    all_are(words[0], n_groups * SIF_KENDALL_COUNTS, SIF_VOID) && isnan(doubles[0]));
    STOP_EVERYWHERE(1, sif_kendall_values(&groups, values, words[0], doubles, &interrupt),
                    all_are(words[0], n_groups * SIF_KENDALL_COUNTS, SIF_VOID) && isnan(doubles[0]));
    STOP_EVERYWHERE(1, sif_kendall_clusters(&groups, &grades, &groups.group, doubles, words[0], &interrupt),
                    all_are(words[0], n_groups, SIF_VOID) && isnan(doubles[0]));
}

/* Groups of all rows, in which every round of sorting is asked in; the pairs of many small groups; distributions, worked out anew. */
static void much_work_in_few_rows(void) {
    static const int64_t zeros[ROWS];
    const sif_dated rows = {.n = ROWS, .group = codes_of(zeros, 1, SIF_INT64), .day = day};
    STOP_NOW_AND_THEN(18, sif_kendall_values(&rows, values, words[0], doubles, &interrupt),
                      all_are(words[0], SIF_KENDALL_COUNTS, SIF_VOID) && isnan(doubles[0]));
    enum { FEW = 100000, GROUPS = FEW / 50 };
    static int64_t ranks[GROUPS], tie_pattern[FEW], s[FEW];
    for (int64_t g = 0; g < GROUPS; g++)
        ranks[g] = 600;
    const sif_dated small = {.n = FEW, .group = codes_of(group, GROUPS, SIF_INT64), .day = day};
    STOP_EVERYWHERE(2, sif_theil_sen(&small, values, 1, ranks, doubles, &interrupt), isnan(doubles[0]) && isnan(doubles[GROUPS - 1]));
    for (int64_t i = 0; i < FEW; i++)
        tie_pattern[i] = ((int64_t)1 << (19 + i % 2)) - 1;
    for (int64_t i = 0; i < FEW; i++)
        s[i] = i % 2 ? 0 : 1; /* of 190 pairs, of 171 */
    STOP_EVERYWHERE(18, sif_kendall_exact(FEW, tie_pattern, s, doubles, doubles + FEW, &interrupt),
                    isnan(doubles[0]) && isnan(doubles[2 * FEW - 1]));
}

/* Slopes of one group: where they all differ they are found the quick way, where values are few the plain one. */
static void slopes(void) {
    static double few_values[ROWS];
    const int64_t n = 9000, rank = n * (n - 1) / 4, fewer = n / 3, rank_of_fewer = fewer * (fewer - 1) / 4;
    memset(group, 0, sizeof group);
    for (int64_t i = 0; i < n; i++)
        few_values[i] = (double)(i % 3);
    const sif_dated rows = {.n = n, .group = codes_of(group, 1, SIF_INT64), .day = day};
    const sif_dated few_rows = {.n = fewer, .group = rows.group, .day = day};
    STOP_EVERYWHERE(1, sif_theil_sen(&rows, values, 1, &rank, doubles, &interrupt), isnan(doubles[0]));
    STOP_EVERYWHERE(1, sif_theil_sen(&few_rows, few_values, 1, &rank_of_fewer, doubles, &interrupt), isnan(doubles[0]));
}

static void resampling(void) {
    const int64_t members[] = {PROVIDERS, PROVIDERS}, entries[] = {0, 1, 2}, cell[] = {0, 1}, count[] = {1, 1};
    STOP_EVERYWHERE(2, sif_resample_counts(2, members, entries, 2, cell, count, 2, 7, 0, 8, words[0], &interrupt),
                    all_are(words[0], 16, SIF_VOID));
}

static const uint8_t *const bytes_of_texts = texts[0];
static const int64_t size_of_texts = sizeof texts;
static const sif_texts column = {
    .n = ROWS, .kind = SIF_OFFSETS64, .rows = offsets, .buffers = &bytes_of_texts, .sizes = &size_of_texts};

/* Into a new dictionary each time: of one in which a call was stopped nothing is promised. */
static sif_status encode(int32_t *codes, const sif_interrupt_check *interrupt) {
    sif_dictionary *const dictionary = sif_new_dictionary(7, INT32_MAX - 3);
    const sif_status status = sif_encode_text(dictionary, &column, 0, codes, interrupt);
    sif_free_dictionary(dictionary);
    return status;
}

/* What was stopped on its way has given some of the codes; the dictionary is as it was. */
static void looking_up(void) {
    enum { IS_PROMISED_NOTHING = 1 };
    static int32_t codes[ROWS];
    int64_t n_unknown;
    sif_dictionary *const dictionary = sif_new_dictionary(7, INT32_MAX - 3);
    STOP_EVERYWHERE(1, sif_look_up_text(dictionary, &column, codes, &n_unknown, &interrupt), sif_dictionary_size(dictionary) == 0);
    STOP_EVERYWHERE(1, sif_encode_unknown(dictionary, &column, 0, codes, &interrupt), IS_PROMISED_NOTHING);
    sif_free_dictionary(dictionary);
}

static void encoding(void) {
    enum { IS_PROMISED_NOTHING = 1 };
    static int32_t codes[ROWS];
    static const int32_t place[] = {0};
    STOP_EVERYWHERE(1, encode(codes, &interrupt), IS_PROMISED_NOTHING);
    memset(codes, 0, sizeof codes);
    STOP_EVERYWHERE(1, sif_recode(ROWS, 1, place, codes, &interrupt), codes[ROWS - 1] == 0);
    sif_dictionary *const dictionary = sif_new_dictionary(7, INT32_MAX - 3);
    CHECK_STATUS(sif_encode_text(dictionary, &column, 0, codes, NULL), SIF_OK, -1, 0);
    STOP_EVERYWHERE(1, sif_sort_labels(dictionary, codes, &interrupt), IS_PROMISED_NOTHING);
    sif_free_dictionary(dictionary);
}

int main(void) {
    fill();
    RUN(counting);
    RUN(ordering);
    RUN(states);
    RUN(following);
    RUN(trends);
    RUN(much_work_in_few_rows);
    RUN(slopes);
    RUN(resampling);
    RUN(encoding);
    RUN(looking_up);
    return report();
}
