/* What the C tests share: checks that count, random numbers, outputs with guards around them, and codes of every kind. */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sif.h"

static int checks_failed = 0, tests_passed = 0, tests_failed = 0;

#define CHECK(CONDITION)                                                                                                                  \
    do {                                                                                                                                  \
        if (!(CONDITION) && ++checks_failed <= 20)                                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #CONDITION);                                                               \
    } while (0)

#define CHECK_STATUS(STATUS, CODE, ROW, VALUE)                                                                                            \
    do {                                                                                                                                  \
        const sif_status given = (STATUS);                                                                                                \
        if ((given.code != (CODE) || given.row != (ROW) || given.value != (VALUE)) && ++checks_failed <= 20)                              \
            fprintf(stderr, "%s:%d: status %d, row %" PRId64 ", value %" PRId64 "; wanted %s, %" PRId64 ", %" PRId64 "\n", __FILE__,        \
                    __LINE__, (int)given.code, given.row, given.value, #CODE, (int64_t)(ROW), (int64_t)(VALUE));                          \
    } while (0)

/* Runs a test: a function without arguments. */
#define RUN(TEST)                                                                                                                         \
    do {                                                                                                                                  \
        checks_failed = 0;                                                                                                                \
        TEST();                                                                                                                           \
        if (checks_failed == 0)                                                                                                           \
            tests_passed++;                                                                                                               \
        else {                                                                                                                            \
            tests_failed++;                                                                                                               \
            fprintf(stderr, "FAILED %s: %d checks (%s)\n", #TEST, checks_failed, sif_cpu_in_use());                                                              \
        }                                                                                                                                 \
    } while (0)

/* Repeats the tests that follow with each version of the hot loops that this processor has. */
static const char *const versions[] = {"baseline", "neon", "avx2", "avx512"};
#define EACH_VERSION                                                                                                                      \
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++)                                                                       \
        if (sif_use_cpu(versions[v]) == 0)

/* The last line of every test program, and its exit code: 3 where tests failed, which no other way of dying gives. */
static inline int report(void) {
    printf("%d passed, %d failed\n", tests_passed, tests_failed);
    return tests_failed != 0 ? 3 : 0;
}

/* Marsaglia's xorshift64*: the same numbers in every run. */
static uint64_t random_state = 88172645463325252u;

static inline int64_t random_below(int64_t bound) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (int64_t)((random_state * 2685821657736338717u >> 1) % (uint64_t)bound);
}

static inline void *allocate(int64_t n, size_t width) {
    void *const memory = calloc((size_t)n + 1, width); /* never of size 0, which may be NULL */
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

/* Codes of a random kind, where -1 is missing: by its sign, or by a bitmap with an offset and anything behind its 0 bits. Free with
 * free_codes. `size` is at most 100, that every kind holds it. */
static inline sif_codes coded_somehow(const int64_t *values, int64_t n, int64_t size) {
    const sif_kind kind = (sif_kind)random_below(8);
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

/* n codes below `size`, one in five missing. */
static inline int64_t *random_codes(int64_t n, int64_t size) {
    int64_t *const values = allocate(n, sizeof *values);
    for (int64_t i = 0; i < n; i++)
        values[i] = size == 0 || random_below(5) == 0 ? -1 : random_below(size);
    return values;
}

/* A watch that counts how often it is asked, and says stop at the `stop_at`-th time (never: 0). */
typedef struct {
    int64_t asked, stop_at;
} patience;

static inline int ask(void *context) {
    patience *const left = context;
    return ++left->asked == left->stop_at;
}

#endif
