/* The versions of the hot loops of counting: one template, included once for each instruction set. For AVX-512 one loop is written by
 * hand. */
#include "counting_loops.h"

#if SIF_X86
#include <immintrin.h>
#endif
#include <string.h>

/* A comparison gives all ones where it holds, which is -1: subtracted, it adds 1. AVX-512 adds under a mask. */
#define LESS_ALL_ONES(partial, is_match) ((uint8_t)((partial) + (is_match)))
#define MORE_WHERE(partial, is_match) ((is_match) ? (uint8_t)((partial) + 1) : (partial))

/* Eight rows, of two words of four cells: one in each table. */
SIF_INLINE void count_eight(uint64_t four, uint64_t more, uint16_t *tables) {
    (tables + 0 * SIF_TABLE_SPACING)[four & 0xFFFF]++;
    (tables + 1 * SIF_TABLE_SPACING)[four >> 16 & 0xFFFF]++;
    (tables + 2 * SIF_TABLE_SPACING)[four >> 32 & 0xFFFF]++;
    (tables + 3 * SIF_TABLE_SPACING)[four >> 48]++;
    (tables + 4 * SIF_TABLE_SPACING)[more & 0xFFFF]++;
    (tables + 5 * SIF_TABLE_SPACING)[more >> 16 & 0xFFFF]++;
    (tables + 6 * SIF_TABLE_SPACING)[more >> 32 & 0xFFFF]++;
    (tables + 7 * SIF_TABLE_SPACING)[more >> 48]++;
}

#if SIF_X86 && defined(__x86_64__)
/* Counts in tables as the template does, but keeps the cells in registers. Each row needs a store for its counter, and a processor that
 * makes one store in a cycle has none to spare for cells. */
typedef struct {
    __m512i half[2];
} strip;

/* The table's rows for 32 codes: min(code + 1, n_groups + 1) for signed kinds, min(code, n_groups) + 1 for others. */
SIF_TARGET_AVX512 SIF_INLINE __m512i clip_signed(__m512i codes, uint32_t n_groups) {
    return _mm512_min_epu16(_mm512_add_epi16(codes, _mm512_set1_epi16(1)), _mm512_set1_epi16((int16_t)(n_groups + 1)));
}

SIF_TARGET_AVX512 SIF_INLINE __m512i clip_unsigned(__m512i codes, uint32_t n_groups) {
    return _mm512_add_epi16(_mm512_min_epu16(codes, _mm512_set1_epi16((int16_t)n_groups)), _mm512_set1_epi16(1));
}

SIF_TARGET_AVX512 SIF_INLINE __m512i narrow_both(__m512i low, __m512i high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi32_epi16(low)), _mm512_cvtepi32_epi16(high), 1);
}

SIF_TARGET_AVX512 SIF_INLINE __m512i rows_of_int8(const int8_t *codes, uint32_t n_groups) {
    return clip_signed(_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)codes)), n_groups);
}

SIF_TARGET_AVX512 SIF_INLINE __m512i rows_of_int16(const int16_t *codes, uint32_t n_groups) {
    return clip_signed(_mm512_loadu_si512(codes), n_groups);
}

SIF_TARGET_AVX512 SIF_INLINE __m512i rows_of_int32(const int32_t *codes, uint32_t n_groups) {
    const __m512i one = _mm512_set1_epi32(1), last = _mm512_set1_epi32((int32_t)(n_groups + 1));
    return narrow_both(_mm512_min_epu32(_mm512_add_epi32(_mm512_loadu_si512(codes), one), last),
                       _mm512_min_epu32(_mm512_add_epi32(_mm512_loadu_si512(codes + 16), one), last));
}

SIF_TARGET_AVX512 SIF_INLINE __m128i narrow_eight(const void *codes, __m512i more, __m512i last) {
    return _mm512_cvtepi64_epi16(_mm512_min_epu64(_mm512_add_epi64(_mm512_loadu_si512(codes), more), last));
}

SIF_TARGET_AVX512 SIF_INLINE __m512i narrow_words(const char *codes, int64_t more, uint64_t last) {
    const __m512i add = _mm512_set1_epi64(more), most = _mm512_set1_epi64((int64_t)last);
    const __m256i low = _mm256_setr_m128i(narrow_eight(codes, add, most), narrow_eight(codes + 64, add, most));
    const __m256i high = _mm256_setr_m128i(narrow_eight(codes + 128, add, most), narrow_eight(codes + 192, add, most));
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

SIF_TARGET_AVX512 SIF_INLINE __m512i rows_of_int64(const int64_t *codes, uint32_t n_groups) {
    return narrow_words((const char *)codes, 1, (uint64_t)n_groups + 1);
}

SIF_TARGET_AVX512 SIF_INLINE __m512i rows_of_uint8(const uint8_t *codes, uint32_t n_groups) {
    return clip_unsigned(_mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)codes)), n_groups);
}

SIF_TARGET_AVX512 SIF_INLINE __m512i rows_of_uint16(const uint16_t *codes, uint32_t n_groups) {
    return clip_unsigned(_mm512_loadu_si512(codes), n_groups);
}

SIF_TARGET_AVX512 SIF_INLINE __m512i rows_of_uint32(const uint32_t *codes, uint32_t n_groups) {
    const __m512i last = _mm512_set1_epi32((int32_t)n_groups);
    return clip_unsigned(
        narrow_both(_mm512_min_epu32(_mm512_loadu_si512(codes), last), _mm512_min_epu32(_mm512_loadu_si512(codes + 16), last)), n_groups);
}

SIF_TARGET_AVX512 SIF_INLINE __m512i rows_of_uint64(const uint64_t *codes, uint32_t n_groups) {
    return clip_unsigned(narrow_words((const char *)codes, 0, n_groups), n_groups);
}

SIF_TARGET_AVX512 SIF_INLINE __m512i masked(__m512i rows, const uint8_t *valid, size_t first) {
    if (valid == NULL) /* one way: each copy knows */
        return rows;
    return _mm512_and_si512(rows, _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)(valid + first))));
}

/* The cells of 32 rows, whose first is at eighth `eighth` of the strip. */
SIF_TARGET_AVX512 SIF_INLINE __m512i cells_of(__m512i rows, const int8_t *grades, uint32_t n_groups, uint32_t n_grades, uint32_t frequent,
                                              uint32_t eighth) {
    const __m512i eighths = _mm512_set_epi64(0x0003000300030003, 0x0003000300030003, 0x0002000200020002, 0x0002000200020002,
                                             0x0001000100010001, 0x0001000100010001, 0, 0);
    const __m512i stand_in = _mm512_add_epi16(eighths, _mm512_set1_epi16((int16_t)(n_groups + 2 + eighth)));
    const __mmask32 is_frequent = _mm512_cmpeq_epi16_mask(rows, _mm512_set1_epi16((int16_t)frequent));
    const __m512i counted = _mm512_mask_mov_epi16(rows, is_frequent, stand_in);
    const __m512i columns = clip_signed(_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)grades)), n_grades);
    const __m512i cells = _mm512_add_epi16(_mm512_mullo_epi16(counted, _mm512_set1_epi16((int16_t)(n_grades + 2))), columns);
    return _mm512_and_si512(cells, _mm512_set1_epi16(SIF_TABLE_MASK));
}

/* The two words of eight cells. */
#define COUNT_EIGHT_OF(HALF, QUARTER)                                                                                                      \
    do {                                                                                                                                   \
        const __m128i eight = _mm512_extracti32x4_epi32(HALF, QUARTER);                                                                    \
        count_eight((uint64_t)_mm_cvtsi128_si64(eight), (uint64_t)_mm_extract_epi64(eight, 1), tables);                                    \
    } while (0)

#define DEFINE_COUNT_IN_TABLES(KIND, TYPE)                                                                                                 \
    SIF_TARGET_AVX512 SIF_INLINE strip find_strip_##KIND(const TYPE *codes, const uint8_t *valid, const int8_t *grades, size_t first,      \
                                                         uint32_t n_groups, uint32_t n_grades, uint32_t frequent) {                        \
        strip cells;                                                                                                                       \
        for (size_t h = 0; h < 2; h++) {                                                                                                   \
            const size_t of = first + h * SIF_STRIP / 2;                                                                                   \
            const __m512i rows = masked(rows_of_##KIND(codes + of, n_groups), valid, of);                                                  \
            cells.half[h] = cells_of(rows, grades + of, n_groups, n_grades, frequent, (uint32_t)(4 * h));                                  \
        }                                                                                                                                  \
        return cells;                                                                                                                      \
    }                                                                                                                                      \
    SIF_TARGET_AVX512 SIF_INLINE void count_strips_##KIND##_avx512(const TYPE *codes, const uint8_t *valid, const int8_t *grades,          \
                                                                   size_t count, uint32_t n_groups, uint32_t n_grades, uint32_t frequent,  \
                                                                   const sif_rows_ahead *ahead, uint16_t *restrict tables) {               \
        strip cells = find_strip_##KIND(codes, valid, grades, 0, n_groups, n_grades, frequent);                                       \
        for (size_t first = 0; first < count; first += SIF_STRIP) {                                                                        \
            const size_t next = first + SIF_STRIP < count ? first + SIF_STRIP : first;                                                     \
            const strip next_cells = find_strip_##KIND(codes, valid, grades, next, n_groups, n_grades, frequent);                          \
            sif_fetch_strip(ahead, first);                                                                                                 \
            COUNT_EIGHT_OF(cells.half[0], 0);                                                                                              \
            COUNT_EIGHT_OF(cells.half[0], 1);                                                                                              \
            COUNT_EIGHT_OF(cells.half[0], 2);                                                                                              \
            COUNT_EIGHT_OF(cells.half[0], 3);                                                                                              \
            COUNT_EIGHT_OF(cells.half[1], 0);                                                                                              \
            COUNT_EIGHT_OF(cells.half[1], 1);                                                                                              \
            COUNT_EIGHT_OF(cells.half[1], 2);                                                                                              \
            COUNT_EIGHT_OF(cells.half[1], 3);                                                                                              \
            cells = next_cells;                                                                                                            \
        }                                                                                                                                  \
    }

DEFINE_COUNT_IN_TABLES(int8, int8_t) /* one way: each copy knows whether a column says which are valid */
DEFINE_COUNT_IN_TABLES(int16, int16_t) /* one way: each copy knows whether a column says which are valid */
DEFINE_COUNT_IN_TABLES(int32, int32_t) /* one way: each copy knows whether a column says which are valid */
DEFINE_COUNT_IN_TABLES(int64, int64_t) /* one way: each copy knows whether a column says which are valid */
DEFINE_COUNT_IN_TABLES(uint8, uint8_t) /* one way: each copy knows whether a column says which are valid */
DEFINE_COUNT_IN_TABLES(uint16, uint16_t) /* one way: each copy knows whether a column says which are valid */
DEFINE_COUNT_IN_TABLES(uint32, uint32_t) /* one way: each copy knows whether a column says which are valid */
DEFINE_COUNT_IN_TABLES(uint64, uint64_t) /* one way: each copy knows whether a column says which are valid */
#undef DEFINE_COUNT_IN_TABLES
#endif

/* Without registers of 32 bytes a strip takes so many instructions that, written out, they were 25 KB. */
#if SIF_X86 && !defined(__clang__)
#define KEEP_ROLLED _Pragma("GCC unroll 1")
#endif
#define VERSION(name) name##_baseline
#define TARGET
#define LANES 64
#define VALUES 1
#define ADD_MATCH LESS_ALL_ONES
#include "counting_loops_template.h"

#if SIF_X86
#define VERSION(name) name##_avx2
#define TARGET SIF_TARGET_AVX2
#define LANES 32
#define VALUES 5
#define ADD_MATCH LESS_ALL_ONES
#include "counting_loops_template.h"

#define VERSION(name) name##_avx512
#define TARGET SIF_TARGET_AVX512
#define LANES 64
#define VALUES 5
#define ADD_MATCH MORE_WHERE
#ifdef __x86_64__
#define IN_REGISTERS
#endif
#include "counting_loops_template.h"
#endif

#if SIF_NEON
#define VERSION(name) name##_neon
#define TARGET
#define LANES 32
#define VALUES 5
#define ADD_MATCH LESS_ALL_ONES
#include "counting_loops_template.h"
#endif
