/* What the C tests and the fuzz targets share: checks that count, the numbers that inputs are made from, outputs with guards around them,
 * and codes of every kind. */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sif.h"

static int checks_failed = 0, tests_passed = 0, tests_failed = 0;

#define CHECK(CONDITION)                                                                                                                   \
    do {                                                                                                                                   \
        if (!(CONDITION) && ++checks_failed <= 20)                                                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #CONDITION);                                                                \
    } while (0)

#define CHECK_STATUS(STATUS, CODE, ROW, VALUE)                                                                                             \
    do {                                                                                                                                   \
        const sif_status given = (STATUS);                                                                                                 \
        if ((given.code != (CODE) || given.row != (ROW) || given.value != (VALUE)) && ++checks_failed <= 20)                               \
            fprintf(stderr, "%s:%d: status %d, row %" PRId64 ", value %" PRId64 "; wanted %s, %" PRId64 ", %" PRId64 "\n", __FILE__,       \
                    __LINE__, (int)given.code, given.row, given.value, #CODE, (int64_t)(ROW), (int64_t)(VALUE));                           \
    } while (0)

/* Runs a test, a function without arguments, so many times, each on other numbers. */
#define REPEAT(TIMES, TEST)                                                                                                                \
    do {                                                                                                                                   \
        checks_failed = 0;                                                                                                                 \
        for (int again = 0; again < (TIMES); again++)                                                                                      \
            TEST();                                                                                                                        \
        if (checks_failed == 0)                                                                                                            \
            tests_passed++;                                                                                                                \
        else {                                                                                                                             \
            tests_failed++;                                                                                                                \
            fprintf(stderr, "FAILED %s: %d checks (%s)\n", #TEST, checks_failed, sif_cpu_in_use());                                        \
        }                                                                                                                                  \
    } while (0)
#define RUN(TEST) REPEAT(1, TEST)

/* Repeats the tests that follow with each version of the hot loops that this processor has. */
static const char *const versions[] = {"baseline", "neon", "avx2", "avx512"};
#define EACH_VERSION                                                                                                                       \
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++)                                                                        \
        if (sif_use_cpu(versions[v]) == 0)

/* The last line of every test program, and its exit code: 3 where tests failed, which no other way of dying gives. */
static inline int report(void) {
    printf("%d passed, %d failed\n", tests_passed, tests_failed);
    return tests_failed != 0 ? 3 : 0;
}

/* The numbers that inputs are made from: a fuzzer's bytes while there are any, then Marsaglia's xorshift64*, the same in every run. */
static const uint8_t *fuzz_bytes = NULL;
static size_t fuzz_left = 0;
#define FIRST_STATE 88172645463325252u
static uint64_t random_state = FIRST_STATE;

static inline int64_t random_below(int64_t bound) {
    uint64_t number = 0;
    if (fuzz_left > 0) {
        for (int width = bound <= 1 << 8 ? 1 : bound <= 1 << 16 ? 2 : 8; width > 0 && fuzz_left > 0; width--, fuzz_left--)
            number = number << 8 | *fuzz_bytes++;
    } else {
        random_state ^= random_state >> 12;
        random_state ^= random_state << 25;
        random_state ^= random_state >> 27;
        number = random_state * 2685821657736338717u >> 1;
    }
    return (int64_t)(number % (uint64_t)bound);
}

/* Mostly few rows; now and then some blocks of them. */
static inline int64_t random_rows(void) {
    return random_below(64) == 0 ? 240 + random_below(1000) : random_below(40);
}

static inline void use_any_version(void) {
    (void)sif_use_cpu(versions[random_below(sizeof versions / sizeof *versions)]); /* one that this processor lacks changes nothing */
}

static inline void *allocate(int64_t n, size_t width) {
    void *const memory = calloc(n > 0 ? (size_t)n : 1, width); /* never of size 0, which may be NULL */
    if (memory == NULL) {
        fputs("no memory for a test\n", stderr);
        exit(2);
    }
    return memory;
}

/* An output of n zeros with GUARD words before and after it that no kernel may touch. */
enum { GUARD = 64 };
#define GUARD_WORD ((int64_t)0x5AFE5AFE5AFE5AFE)

static inline int64_t *guarded(int64_t n) {
    int64_t *const around = allocate(n + 2 * GUARD, sizeof *around);
    for (int64_t i = 0; i < GUARD; i++)
        around[i] = around[GUARD + n + i] = GUARD_WORD;
    return around + GUARD;
}

/* Checks the guards of an output and frees it. */
static inline void free_guarded(int64_t *output, int64_t n) {
    int whole = 1;
    for (int64_t i = 0; i < GUARD; i++)
        whole &= output[i - GUARD] == GUARD_WORD && output[n + i] == GUARD_WORD;
    CHECK(whole);
    free(output - GUARD);
}

static inline int all_are(const int64_t *values, int64_t n, int64_t value) {
    for (int64_t i = 0; i < n; i++)
        if (values[i] != value)
            return 0;
    return 1;
}

/* Codes of a kind, without a bitmap: values[0 .. n - 1] cut to the kind's width. Free `data`. */
static inline sif_codes coded(const int64_t *values, int64_t n, int64_t size, sif_kind kind) {
    static const size_t widths[] = {1, 2, 4, 8, 1, 2, 4, 8};
    char *const data = allocate(n, widths[kind]);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t value = (uint64_t)values[i];
        const uint8_t one = (uint8_t)value;
        const uint16_t two = (uint16_t)value;
        const uint32_t four = (uint32_t)value;
        const void *const cut[] = {&one, &two, &four, &value};
        memcpy(data + (size_t)i * widths[kind], cut[kind % 4], widths[kind]);
    }
    return (sif_codes){.data = data, .validity = NULL, .validity_offset = 0, .size = size, .kind = kind};
}

/* Codes of a random kind that holds `size`, where -1 is missing: by its sign, or by a bitmap with an offset and anything behind its 0
 * bits. Values out of range may come out as others: ask `seen`. Free with free_codes. */
static inline sif_codes coded_somehow(const int64_t *values, int64_t n, int64_t size) {
    const int64_t drawn = random_below(8), least = size <= INT8_MAX ? 0 : size <= INT16_MAX ? 1 : size <= INT32_MAX ? 2 : 3;
    const sif_kind kind = (sif_kind)(drawn % 4 < least ? drawn / 4 * 4 + least : drawn);
    const int with_bitmap = kind >= SIF_UINT8 || random_below(2) == 1;
    if (!with_bitmap)
        return coded(values, n, size, kind);
    int64_t *const shown = allocate(n, sizeof *shown);
    const int64_t offset = random_below(20);
    uint8_t *const bitmap = allocate((offset + n + 7) / 8, 1);
    for (int64_t i = 0; i < n; i++) {
        const int by_sign = kind < SIF_UINT8 && random_below(2) == 1;
        shown[i] = values[i] >= 0 || by_sign ? values[i] : random_below(INT64_MAX) - INT64_MAX / 2;
        if (values[i] >= 0 || by_sign)
            bitmap[(offset + i) / 8] |= (uint8_t)(1 << (offset + i) % 8);
    }
    sif_codes codes = coded(shown, n, size, kind);
    codes.validity = bitmap;
    codes.validity_offset = offset;
    free(shown);
    return codes;
}

static inline void free_codes(const sif_codes *codes) {
    free((void *)(uintptr_t)codes->data);
    free((void *)(uintptr_t)codes->validity);
}

/* Row i's code as a kernel should see it: -1 where it is missing, INT64_MIN where it is past INT64_MAX. */
static inline int64_t seen(const sif_codes *codes, int64_t i) {
    const int64_t bit = codes->validity_offset + i;
    if (codes->validity != NULL && (codes->validity[bit / 8] & 1 << bit % 8) == 0)
        return -1;
    switch (codes->kind) {
    case SIF_INT8:
        return ((const int8_t *)codes->data)[i];
    case SIF_INT16:
        return ((const int16_t *)codes->data)[i];
    case SIF_INT32:
        return ((const int32_t *)codes->data)[i];
    case SIF_INT64:
        return ((const int64_t *)codes->data)[i];
    case SIF_UINT8:
        return ((const uint8_t *)codes->data)[i];
    case SIF_UINT16:
        return ((const uint16_t *)codes->data)[i];
    case SIF_UINT32:
        return ((const uint32_t *)codes->data)[i];
    default:
        return ((const uint64_t *)codes->data)[i] <= INT64_MAX ? ((const int64_t *)codes->data)[i] : INT64_MIN;
    }
}

/* Codes of `values`, which then are what a kernel sees of them. */
static inline sif_codes coded_as_seen(int64_t *values, int64_t n, int64_t size) {
    const sif_codes codes = coded_somehow(values, n, size);
    for (int64_t i = 0; i < n; i++)
        values[i] = seen(&codes, i);
    return codes;
}

/* The codes from row `start` on. */
static inline sif_codes codes_from(const sif_codes *codes, int64_t start) {
    static const int64_t widths[] = {1, 2, 4, 8, 1, 2, 4, 8};
    sif_codes rest = *codes;
    rest.data = (const char *)codes->data + start * widths[codes->kind];
    rest.validity_offset += start;
    return rest;
}

/* A value that is no code of a list of `size`, in most kinds. */
static inline int64_t bad_code(int64_t size) {
    const int64_t bad[] = {size, size + 1, -2, 127, -128, 255, 65535, INT32_MAX, INT32_MIN, UINT32_MAX, INT64_MAX, INT64_MIN};
    return bad[random_below(sizeof bad / sizeof *bad)];
}

/* Puts bad codes in some rows, mostly none. */
static inline void spoil_codes(int64_t *values, int64_t n, int64_t size) {
    for (int64_t left = n > 0 && random_below(8) == 0 ? 1 + random_below(3) : 0; left > 0; left--)
        values[random_below(n)] = bad_code(size);
}

/* n codes below `size`, one in five missing. */
static inline int64_t *random_codes(int64_t n, int64_t size) {
    int64_t *const values = allocate(n, sizeof *values);
    for (int64_t i = 0; i < n; i++)
        values[i] = size == 0 || random_below(5) == 0 ? -1 : random_below(size);
    return values;
}

/* An interrupt check that counts how often it is asked, and says stop at the `stop_at`-th time (never: 0). */
typedef struct {
    int64_t asked, stop_at;
} test_interrupt;

static inline int ask(void *context) {
    test_interrupt *const left = context;
    return ++left->asked == left->stop_at;
}

/* An interrupt check that mostly lets the kernel go on. */
static inline test_interrupt random_interrupt(void) {
    return (test_interrupt){0, random_below(8) == 0 ? 1 + random_below(4) : 0};
}

/* Whether the kernel was stopped; checks that it stopped when it was told to, and only then. */
static inline int was_interrupted(sif_status status, const test_interrupt *left) {
    CHECK((status.code == SIF_INTERRUPTED) == (left->stop_at > 0 && left->asked == left->stop_at));
    CHECK(left->stop_at == 0 || left->asked <= left->stop_at);
    return status.code == SIF_INTERRUPTED;
}

/* What a kernel may complain about: of each class of faults that is checked in a step of its own, those at the first place. */
enum { BAD_ROWS, BAD_RECORDS, BAD_CODES, BAD_NUMBERS, FAULT_CLASSES };
typedef struct {
    int n;
    sif_status found[3 * FAULT_CLASSES]; /* at most three codes are checked at a place */
    int class[3 * FAULT_CLASSES];
    int64_t place[3 * FAULT_CLASSES];
} faults;

static inline void add_fault(faults *list, int class, int64_t place, sif_code code, int64_t row, int64_t value) {
    int n = 0;
    for (int f = 0; f < list->n; f++) {
        if (list->class[f] == class && list->place[f] < place)
            return;
        if (list->class[f] == class && list->place[f] > place)
            continue;
        list->found[n] = list->found[f];
        list->class[n] = list->class[f];
        list->place[n++] = list->place[f];
    }
    list->found[n] = (sif_status){code, row, value};
    list->class[n] = class;
    list->place[n] = place;
    list->n = n + 1;
}

static inline void print_status(const char *what, sif_status status) {
    fprintf(stderr, "%s %d, row %" PRId64 ", value %" PRId64 "\n", what, (int)status.code, status.row, status.value);
}

/* Whether the status is one of the faults; SIF_OK where there are none. */
static inline int is_as_expected(sif_status status, const faults *list) {
    if (list->n == 0 && status.code == SIF_OK && status.row == -1 && status.value == 0)
        return 1;
    for (int f = 0; f < list->n; f++)
        if (status.code == list->found[f].code && status.row == list->found[f].row && status.value == list->found[f].value)
            return 1;
    print_status("status", status);
    for (int f = 0; f < list->n; f++)
        print_status("wanted", list->found[f]);
    return 0;
}

/* Whether all of n numbers are NaN. */
static inline int all_are_nan(const double *values, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (values[i] == values[i])
            return 0;
    return 1;
}

#endif
