/* The hot loops over blocks of codes. Inside the core only. */
#ifndef SIF_CODE_LOOPS_H
#define SIF_CODE_LOOPS_H

#include "codes.h"
#include "cpu.h"

/* What a loaded code is where the code is out of range. */
#define SIF_NO_CODE INT32_MIN
#define SIF_NO_BYTE INT8_MIN

enum { SIF_LOADED_BLOCK = 1024 /* codes, at most, that are loaded at once */ };

struct sif_code_loops {
    /* out[i] = the code of rows[i], or of row i where rows is NULL: -1 where it is missing or valid[i] is 0, SIF_NO_CODE where it is out of
     * range. valid: 0xFF or 0 each, or NULL. */
    void (*load[SIF_KINDS])(const void *codes, const int64_t *rows, const uint8_t *valid, size_t count, uint32_t size, int32_t *out);
    /* The same of row i as int8, where size <= INT8_MAX: SIF_NO_BYTE where it is out of range. */
    void (*load_bytes[SIF_KINDS])(const void *codes, const uint8_t *valid, size_t count, uint32_t size, int8_t *out);
    /* valid[i] = 0xFF or 0 as bit first + i of the bitmap says. */
    void (*spread_validity)(const uint8_t *bitmap, int64_t first, size_t count, uint8_t *valid);
    /* Whether one of the loaded codes is neither -1 nor below size. */
    int (*are_outside)(const int32_t *codes, size_t count, uint32_t size);
    /* cell[i] = cell[i] * (size + 1) + the code, `size` where it is missing. Returns whether a code is SIF_NO_CODE. */
    int (*append)(const int32_t *codes, size_t count, uint32_t size, uint32_t *cell);
    /* number[i] += each of the eight letters in letters[i], the lowest byte first, times its weight. misfit[i] gets a bit where one of them
     * is not between those of low and high, which are ASCII. */
    void (*number_letters)(const uint64_t *letters, size_t count, uint64_t low, uint64_t high, const uint32_t *weight, uint32_t *number,
                           uint64_t *misfit);
};

SIF_DECLARE_VERSIONS(sif_code_loops);

static inline const sif_code_loops *sif_code_loops_now(void) {
    return sif_cpu_version_now()->codes;
}

/* out[i] = the code of rows[i], or of row first + i where rows is NULL: -1 where it is missing, SIF_NO_CODE where it is out of range. The
 * rows must exist, nobody else may write to `rows`, codes->size is at most INT32_MAX, and count at most SIF_LOADED_BLOCK. Compilers may
 * read memory twice, to check one value and give another. So where others write to the codes, anything may come out: what is made of it
 * is limited where it is used. `out` is the caller's alone: what holds of it once stays true. */
void sif_load_codes(const sif_codes *codes, const int64_t *rows, int64_t first, size_t count, int32_t *out);

#endif
