/* Every kernel in several threads at once, on inputs that they share: what comes out is what one thread alone gets. Under ThreadSanitizer
 * (make threads) nothing that is shared is written. */
#include <pthread.h>

#include "histories.h"
#include "trends.h"

enum { ROWS = 3000, MOST_OUT = 1 << 16, KERNELS = 16, THREADS = 4, ROUNDS = 3 };

/* Inputs; read by all. */
typedef struct {
    histories h; /* in order */
    series s;
    double *weights;
    int64_t *order;
    int32_t *provider;
    sif_provider_days days;
    char *bytes; /* of texts */
    const uint8_t *buffer;
    int64_t *offsets, size;
    sif_texts texts;
    sif_dictionary *some_labels; /* of the first texts */
} shared;

/* What one thread gets of one kernel. */
typedef struct {
    sif_status status;
    int64_t numbers[MOST_OUT];
    double values[MOST_OUT];
} result;

static int let_go_on(void *context) {
    (void)context;
    return 0;
}

/* All that is asked of a dictionary, which is one thread's own. */
static sif_status encode(const sif_texts *texts, int64_t *numbers, const sif_interrupt_check *interrupt) {
    int32_t codes[ROWS], place[ROWS];
    sif_dictionary *const dictionary = sif_new_dictionary(11, ROWS);
    sif_texts begin = *texts, rest = *texts; /* of which the second is looked up first */
    begin.n = ROWS / 2;
    rest.n -= begin.n;
    rest.rows = (const int64_t *)texts->rows + begin.n;
    int64_t n_unknown = 0;
    sif_status status = sif_encode_text(dictionary, &begin, 0, codes, interrupt);
    if (status.code == SIF_OK)
        status = sif_look_up_text(dictionary, &rest, codes + begin.n, &n_unknown, interrupt);
    if (status.code == SIF_OK)
        status = sif_encode_unknown(dictionary, &rest, begin.n, codes + begin.n, interrupt);
    const int64_t size = sif_dictionary_size(dictionary);
    for (int64_t label = 0; label < size; label++)
        numbers[ROWS + label] = sif_first_rows(dictionary)[label];
    if (status.code == SIF_OK)
        status = sif_sort_labels(dictionary, place, interrupt);
    if (status.code == SIF_OK)
        status = sif_recode(texts->n, size, place, codes, interrupt);
    for (int64_t i = 0; i < texts->n; i++)
        numbers[i] = codes[i];
    sif_free_dictionary(dictionary);
    return status;
}

/* In a dictionary that all threads share, as none changes it: texts that it has, and its labels. */
static sif_status look_up(const shared *in, int64_t *numbers, const sif_interrupt_check *interrupt) {
    int32_t codes[ROWS];
    uint8_t bytes[MOST_OUT];
    const sif_status status = sif_look_up_text(in->some_labels, &in->texts, codes, &numbers[ROWS], interrupt);
    for (int64_t i = 0; i < in->texts.n; i++)
        numbers[i] = codes[i];
    sif_copy_labels(in->some_labels, NULL, &numbers[2 * ROWS], &numbers[3 * ROWS], bytes);
    for (int64_t i = 0; i < sif_bytes_of_labels(in->some_labels); i++)
        numbers[4 * ROWS] += bytes[i];
    return status;
}

static void call(int kernel, const shared *in, result *out) {
    static const int64_t dates[] = {-50, 0, 50, 100, 250}, cutoffs[] = {-40, 20, 70, 130, 280};
    static const int64_t members[] = {1, 29, 7}, entries[] = {0, 1, 2, 3}, cell[] = {0, 1, 2}, count[] = {1, 2, 3};
    static const int64_t ranks[] = {0, 5, 50, 500, 5000}, tie_pattern[] = {7, 63, 63, 1023}, scores[] = {1, 5, -3, 11};
    const histories *const h = &in->h;
    const sif_interrupt_check interrupt = {let_go_on, NULL};
    int64_t *const numbers = out->numbers, *const n_results = &out->numbers[MOST_OUT - 1];
    int already = 0;
    memset(out, 0, sizeof *out);
    switch (kernel) {
    case 0:
        out->status = sif_count_grades(h->n, &h->groups, &h->grades, numbers, &interrupt);
        break;
    case 1:
        out->status = sif_sum_weights(h->n, &h->groups, &h->grades, in->weights, out->values, numbers, &interrupt);
        break;
    case 2:
        out->status = sif_order_records(&h->records, numbers, &already, &interrupt);
        break;
    case 3:
        out->status = sif_latest_as_at(&h->records, 100, 120, numbers, &interrupt);
        break;
    case 4:
        out->status =
            sif_count_as_at(&h->records, in->order, NULL, &h->groups, &h->grades, h->expires, 5, dates, cutoffs, numbers, &interrupt);
        break;
    case 5:
        out->status = sif_count_transitions(&h->records, in->order, NULL, &h->groups, &h->periods, &h->grades, numbers, &interrupt);
        break;
    case 6:
        out->status = sif_spells(&h->records, in->order, &h->grades, 400, n_results, numbers, numbers + ROWS, numbers + 2 * ROWS,
                                 numbers + 3 * ROWS, &interrupt);
        break;
    case 7:
        out->status = sif_kendall_grades(&in->s.rows, &in->s.grades, numbers, out->values, &interrupt);
        break;
    case 8:
        out->status = sif_kendall_values(&in->s.rows, in->s.value, numbers, out->values, &interrupt);
        break;
    case 9:
        out->status = sif_kendall_clusters(&in->s.rows, &in->s.grades, &in->s.rows.group, out->values, numbers, &interrupt);
        break;
    case 10:
        out->status = sif_theil_sen(&in->s.rows, in->s.value, 1, ranks, out->values, &interrupt);
        if (out->status.code == SIF_OK)
            out->status = sif_kendall_exact(4, tie_pattern, scores, out->values + 64, out->values + 128, &interrupt);
        break;
    case 11:
        out->status = sif_changes_as_at(&h->records, in->order, &h->groups, &h->grades, h->expires, 5, dates, cutoffs, n_results, numbers,
                                        numbers + 4 * ROWS, &interrupt);
        break;
    case 12:
        out->status = encode(&in->texts, numbers, &interrupt);
        break;
    case 13:
        out->status = look_up(in, numbers, &interrupt);
        break;
    case 14:
        out->status = sif_near_pairs(&in->days, &in->days, 20, MOST_OUT / 2 - 1, numbers, numbers + MOST_OUT / 2, n_results, &interrupt);
        break;
    default:
        out->status = sif_resample_counts(3, members, entries, 3, cell, count, 3, 42, 0, 50, numbers, &interrupt);
    }
}

/* Not the padding in a status. */
static int is_same(const result *a, const result *b) {
    return a->status.code == b->status.code && a->status.row == b->status.row && a->status.value == b->status.value &&
           memcmp(a->numbers, b->numbers, sizeof a->numbers) == 0 && memcmp(a->values, b->values, sizeof a->values) == 0;
}

static shared in;
static result *alone; /* of each kernel */

typedef struct {
    int first;   /* every thread begins with another kernel */
    int differs; /* whether a result was not that of one thread alone */
} task;

static void *call_all(void *context) {
    task *const of = context;
    result *const mine = allocate(1, sizeof *mine);
    for (int k = 0; k < ROUNDS * KERNELS; k++) {
        const int kernel = (k + of->first) % KERNELS;
        (void)sif_use_cpu(versions[k % (int)(sizeof versions / sizeof *versions)]); /* whatever kernels run in other threads now */
        of->differs |= sif_cpu_in_use() == NULL || strcmp(sif_version(), SIF_VERSION) != 0;
        call(kernel, &in, mine);
        of->differs |= !is_same(mine, &alone[kernel]);
    }
    free(mine);
    return NULL;
}

/* Few labels, some of them long. */
static void make_texts(void) {
    enum { MOST = 80 };
    in.bytes = allocate(ROWS, MOST);
    in.offsets = allocate(ROWS + 1, sizeof *in.offsets);
    for (int64_t i = 0; i < ROWS; i++) {
        const int64_t number = random_below(300);
        const char *const rest = number % 3 == 0 ? " whose name is too long for a place in the table itself" : "";
        in.offsets[i + 1] = in.offsets[i] + snprintf(in.bytes + in.offsets[i], MOST, "%" PRId64 "%s", number, rest);
    }
    in.buffer = (const uint8_t *)in.bytes;
    in.size = in.offsets[ROWS];
    const sif_texts first = {.n = ROWS / 60, .kind = SIF_OFFSETS64, .rows = in.offsets, .buffers = &in.buffer, .sizes = &in.size};
    int32_t codes[ROWS];
    in.some_labels = sif_new_dictionary(5, ROWS);
    CHECK_STATUS(sif_encode_text(in.some_labels, &first, 0, codes, NULL), SIF_OK, -1, 0);
    in.texts = (sif_texts){.n = ROWS, .kind = SIF_OFFSETS64, .rows = in.offsets, .buffers = &in.buffer, .sizes = &in.size};
}

static void threads_do_not_disturb_each_other(void) {
    in.h = plain_histories(ROWS, 200, MANY_DAYS);
    for (int64_t p = 0; p < in.h.n_providers; p++)
        in.h.closed[p] = SIF_NO_DAY; /* so that no record comes after it */
    code_histories(&in.h);
    for (;;) { /* some rows, on days that every kernel takes */
        faults wrong = {0};
        in.s = any_series(ROWS / 10, 0);
        find_bad_rows(&in.s, 1, &wrong);
        if (in.s.n > 0 && wrong.n == 0)
            break;
        free_series(&in.s);
    }
    in.weights = allocate(ROWS, sizeof *in.weights);
    in.order = allocate(ROWS, sizeof *in.order);
    in.provider = allocate(ROWS, sizeof *in.provider);
    for (int64_t i = 0; i < ROWS; i++)
        in.provider[i] = (int32_t)in.h.provider[i];
    in.days = (sif_provider_days){ROWS, in.provider, in.h.inspected};
    for (int64_t i = 0; i < ROWS; i++)
        in.weights[i] = (double)random_below(1000) / 7;
    sort_rows(&in.h, in.order);
    make_texts();
    alone = allocate(KERNELS, sizeof *alone);
    for (int kernel = 0; kernel < KERNELS; kernel++) {
        call(kernel, &in, &alone[kernel]);
        CHECK(alone[kernel].status.code == SIF_OK);
    }
    pthread_t threads[THREADS];
    task tasks[THREADS];
    for (int t = 0; t < THREADS; t++) {
        tasks[t] = (task){3 * t, 0};
        CHECK(pthread_create(&threads[t], NULL, call_all, &tasks[t]) == 0);
    }
    for (int t = 0; t < THREADS; t++) {
        CHECK(pthread_join(threads[t], NULL) == 0);
        CHECK(!tasks[t].differs);
    }
    free_histories(&in.h);
    free_series(&in.s);
    free(in.weights);
    free(in.order);
    free(in.provider);
    free(in.bytes);
    sif_free_dictionary(in.some_labels);
    free(in.offsets);
    free(alone);
}

int main(void) {
    REPEAT(5, threads_do_not_disturb_each_other);
    return report();
}
