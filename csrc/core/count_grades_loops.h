/* The hot loops of counting, a template: include with VERSION(name) naming the functions and TARGET the attribute of their
 * instruction set. Compilers vectorise the loops; there is no branch in them. */

#define DEFINE_FIND_CELLS(WIDTH, KIND, TYPE, SIGNED_LANE, LANE, IS_SIGNED)                                                                 \
    TARGET static int VERSION(find_cells_##WIDTH##_##KIND)(const void *groups, const int8_t *restrict grades, size_t count,                \
                                                           uint32_t n_groups, uint32_t n_grades, void *cells) {                            \
        const TYPE *restrict const codes = groups;                                                                                         \
        uint##WIDTH##_t *restrict const cell = cells;                                                                                      \
        const LANE last_group = (LANE)n_groups, last_grade = (LANE)n_grades, stride = (LANE)(n_grades + 1);                                \
        LANE most_group = 0, most_grade = 0;                                                                                               \
        for (size_t i = 0; i < count; i++) {                                                                                               \
            const LANE group = (LANE)(SIGNED_LANE)codes[i], grade = (LANE)(SIGNED_LANE)grades[i];                                          \
            const LANE of_group = (LANE)(group + IS_SIGNED), of_grade = (LANE)(grade + 1);                                                 \
            most_group = of_group > most_group ? of_group : most_group;                                                                    \
            most_grade = of_grade > most_grade ? of_grade : most_grade;                                                                    \
            const LANE row = group < last_group ? group : last_group, column = grade < last_grade ? grade : last_grade;                    \
            cell[i] = (uint##WIDTH##_t)(LANE)((LANE)(row * stride) + column);                                                              \
        }                                                                                                                                  \
        return (IS_SIGNED ? most_group > last_group : count > 0 && most_group >= last_group) | (most_grade > last_grade);                  \
    }

DEFINE_FIND_CELLS(16, int8, int8_t, int16_t, uint16_t, 1)
DEFINE_FIND_CELLS(16, int16, int16_t, int16_t, uint16_t, 1)
DEFINE_FIND_CELLS(16, int32, int32_t, int32_t, uint32_t, 1)
DEFINE_FIND_CELLS(16, uint8, uint8_t, uint16_t, uint16_t, 0)
DEFINE_FIND_CELLS(16, uint16, uint16_t, uint16_t, uint16_t, 0)
DEFINE_FIND_CELLS(16, uint32, uint32_t, uint32_t, uint32_t, 0)
DEFINE_FIND_CELLS(32, int8, int8_t, int32_t, uint32_t, 1)
DEFINE_FIND_CELLS(32, int16, int16_t, int32_t, uint32_t, 1)
DEFINE_FIND_CELLS(32, int32, int32_t, int32_t, uint32_t, 1)
DEFINE_FIND_CELLS(32, uint8, uint8_t, uint32_t, uint32_t, 0)
DEFINE_FIND_CELLS(32, uint16, uint16_t, uint32_t, uint32_t, 0)
DEFINE_FIND_CELLS(32, uint32, uint32_t, uint32_t, uint32_t, 0)

/* out[i] = the code as int32, -1 where it is missing; valid[i] is 0xFF or 0. Returns whether a valid code is neither missing nor below
 * size (< 2^31); out is then void. WIDE is wider than TYPE where TYPE is unsigned, so that all ones mean missing alone; for uint64, which
 * has nothing wider, a valid code past the sign bit is caught by `high`. */
#define DEFINE_WIDEN(KIND, TYPE, WIDE, SIGNED_WIDE)                                                                                        \
    TARGET static int VERSION(widen_##KIND)(const void *data, const uint8_t *restrict valid, size_t count, uint32_t size,                  \
                                            int32_t *restrict out) {                                                                       \
        const TYPE *restrict const codes = data;                                                                                           \
        WIDE most = 0, high = 0;                                                                                                           \
        for (size_t i = 0; i < count; i++) {                                                                                               \
            const WIDE given = (WIDE)codes[i], mask = (WIDE)(SIGNED_WIDE)(int8_t)valid[i];                                                 \
            const WIDE code = given | (WIDE)~mask, place = code + 1;                                                                       \
            high |= given & mask;                                                                                                          \
            most = place > most ? place : most;                                                                                            \
            out[i] = (int32_t)code;                                                                                                        \
        }                                                                                                                                  \
        return most > size || ((TYPE)-1 > 0 && high >> (8 * sizeof(WIDE) - 1));                                                            \
    }

DEFINE_WIDEN(int8, int8_t, uint32_t, int32_t)
DEFINE_WIDEN(int16, int16_t, uint32_t, int32_t)
DEFINE_WIDEN(int32, int32_t, uint32_t, int32_t)
DEFINE_WIDEN(int64, int64_t, uint64_t, int64_t)
DEFINE_WIDEN(uint8, uint8_t, uint32_t, int32_t)
DEFINE_WIDEN(uint16, uint16_t, uint32_t, int32_t)
DEFINE_WIDEN(uint32, uint32_t, uint64_t, int64_t)
DEFINE_WIDEN(uint64, uint64_t, uint64_t, int64_t)

/* A value at a time over a stretch that stays in the first-level cache; a lane of the tally holds at most 255. */
TARGET static void VERSION(count_values)(const int8_t *grades, size_t count, uint32_t n_grades, int64_t *counts) {
    enum { LANES = 64, STRETCH = 255 * LANES };
    size_t start = 0;
    for (; start + LANES <= count;) {
        const size_t left = (count - start) / LANES * LANES;
        const size_t stretch = left < STRETCH ? left : STRETCH;
        for (uint32_t v = 0; v <= n_grades; v++) {
            const int8_t value = v < n_grades ? (int8_t)v : -1;
            uint8_t tally[LANES] = {0};
            for (size_t i = start; i < start + stretch; i += LANES)
                for (size_t lane = 0; lane < LANES; lane++)
                    tally[lane] = (uint8_t)(tally[lane] + (grades[i + lane] == value));
            int64_t sum = 0;
            for (size_t lane = 0; lane < LANES; lane++)
                sum += tally[lane];
            counts[v] += sum;
        }
        start += stretch;
    }
    for (; start < count; start++)
        if ((uint32_t)(grades[start] + 1) <= n_grades)
            counts[grades[start] < 0 ? n_grades : (uint32_t)grades[start]]++;
}

const sif_loops VERSION(sif_loops) = {
    .find_cells_16 = {[SIF_INT8] = VERSION(find_cells_16_int8),
                      [SIF_INT16] = VERSION(find_cells_16_int16),
                      [SIF_INT32] = VERSION(find_cells_16_int32),
                      [SIF_UINT8] = VERSION(find_cells_16_uint8),
                      [SIF_UINT16] = VERSION(find_cells_16_uint16),
                      [SIF_UINT32] = VERSION(find_cells_16_uint32)},
    .find_cells_32 = {[SIF_INT8] = VERSION(find_cells_32_int8),
                      [SIF_INT16] = VERSION(find_cells_32_int16),
                      [SIF_INT32] = VERSION(find_cells_32_int32),
                      [SIF_UINT8] = VERSION(find_cells_32_uint8),
                      [SIF_UINT16] = VERSION(find_cells_32_uint16),
                      [SIF_UINT32] = VERSION(find_cells_32_uint32)},
    .widen = {[SIF_INT8] = VERSION(widen_int8),
              [SIF_INT16] = VERSION(widen_int16),
              [SIF_INT32] = VERSION(widen_int32),
              [SIF_INT64] = VERSION(widen_int64),
              [SIF_UINT8] = VERSION(widen_uint8),
              [SIF_UINT16] = VERSION(widen_uint16),
              [SIF_UINT32] = VERSION(widen_uint32),
              [SIF_UINT64] = VERSION(widen_uint64)},
    .count_values = VERSION(count_values),
};

#undef DEFINE_FIND_CELLS
#undef DEFINE_WIDEN
#undef VERSION
#undef TARGET
