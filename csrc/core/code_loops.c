/* The versions of the hot loops over codes: one template, included once for each instruction set. */
#include "code_loops.h"

#if SIF_X86
#include <immintrin.h>
#endif
#include <string.h>

/* Eight bytes as the number whose lowest byte is the first of them, which is as they lie on most machines. */
static inline uint64_t little_endian(const uint8_t *bytes) {
    uint64_t word = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(&word, bytes, sizeof word); /* which compilers do not always make of the loop */
#else
    for (unsigned i = 0; i < 8; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
#endif
    return word;
}

/* Copies eight bits into each byte of a word and keeps one bit of each copy. A byte whose bit is set becomes 0xFF. */
static inline void spread_baseline(uint64_t word, uint8_t *bytes) {
    for (unsigned i = 0; i < 8; i++) {
        const uint64_t kept = (word >> (8 * i) & 0xFF) * 0x0101010101010101U & 0x8040201008040201U;
        const uint64_t spread = ((kept + 0x7F7F7F7F7F7F7F7FU) >> 7 & 0x0101010101010101U) * 0xFF;
        for (unsigned bit = 0; bit < 8; bit++)
            bytes[8 * i + bit] = (uint8_t)(spread >> (8 * bit));
    }
}

#if SIF_X86
SIF_TARGET_AVX2 static inline void spread_avx2(uint64_t word, uint8_t *bytes) {
    const __m256i byte_of_row = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit_of_row = _mm256_set1_epi64x((long long)0x8040201008040201U);
    for (unsigned half = 0; half < 2; half++) {
        const __m256i copies = _mm256_shuffle_epi8(_mm256_set1_epi32((int)(uint32_t)(word >> (32 * half))), byte_of_row);
        const __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(copies, bit_of_row), bit_of_row);
        _mm256_storeu_si256((__m256i *)(void *)(bytes + 32 * half), is_set);
    }
}

SIF_TARGET_AVX512 static inline void spread_avx512(uint64_t word, uint8_t *bytes) {
    _mm512_storeu_si512(bytes, _mm512_movm_epi8(word));
}
#endif

#define VERSION(name) name##_baseline
#define TARGET
#define SPREAD spread_baseline
#include "code_loops_template.h"

#if SIF_X86
#define VERSION(name) name##_avx2
#define TARGET SIF_TARGET_AVX2
#define SPREAD spread_avx2
#include "code_loops_template.h"

#define VERSION(name) name##_avx512
#define TARGET SIF_TARGET_AVX512
#define SPREAD spread_avx512
#include "code_loops_template.h"
#endif

#if SIF_NEON
#define VERSION(name) name##_neon
#define TARGET
#define SPREAD spread_baseline
#include "code_loops_template.h"
#endif
