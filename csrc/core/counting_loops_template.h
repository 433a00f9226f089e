/* The hot loops of counting, a template: include with VERSION(name) naming the functions, TARGET the attribute of their instruction set,
 * LANES the bytes of a few of its vectors, VALUES how many partial counts of so many fit its registers, ADD_MATCH(partial, is_match) the
 * form of partial + is_match that becomes the fewest instructions, KEEP_ROLLED what keeps a loop from being written out for all its rounds
 * (by default nothing), and IN_REGISTERS where count_in_tables is there already. Compilers vectorise the loops; there is no branch in them. */
#ifndef KEEP_ROLLED
#define KEEP_ROLLED
#endif

/* One loop where all groups are valid, and one where a column says which are. */
#define DEFINE_BOTH(KIND, TYPE)                                                                                                            \
    TARGET static void VERSION(count_in_tables_##KIND)(const void *groups, const uint8_t *restrict valid, const int8_t *restrict grades,   \
                                                       size_t count, uint32_t n_groups, uint32_t n_grades, uint32_t frequent,              \
                                                       const sif_rows_ahead *ahead, uint16_t *restrict tables) {                           \
        const TYPE *restrict const codes = groups;                                                                                         \
        if (valid == NULL)                                                                                                                 \
            VERSION(count_strips_##KIND)(codes, NULL, grades, count, n_groups, n_grades, frequent, ahead, tables);                         \
        else                                                                                                                               \
            VERSION(count_strips_##KIND)(codes, valid, grades, count, n_groups, n_grades, frequent, ahead, tables);                        \
    }

/* The table's row for a group is its code + 1, limited to the last row. It is computed in lanes as wide as the code. Signed codes are
 * limited after 1 was added, which makes 0 of -1; others before, since 1 more than their largest would be 0. What follows fits 16 bits.
 * The cells of a strip are found while the increments of the strip before wait for one another; those of the last strip are found
 * twice. Where most rows have one group, each eighth of a strip has a row of its own for it: no increment waits for another of the same
 * counter. */
#ifndef IN_REGISTERS
#define DEFINE_COUNT_IN_TABLES(KIND, TYPE, SIGNED_LANE, LANE, IS_SIGNED)                                                                   \
    TARGET SIF_INLINE void VERSION(find_strip_##KIND)(const TYPE *restrict codes, const uint8_t *restrict valid,                           \
                                                      const int8_t *restrict grades, size_t first, LANE n_groups, uint16_t n_grades,       \
                                                      uint16_t frequent, uint16_t *restrict cell) {                                        \
        const LANE last_row = (LANE)(n_groups + 1);                                                                                        \
        const uint16_t last_column = (uint16_t)(n_grades + 1), columns = (uint16_t)(n_grades + 2);                                         \
        KEEP_ROLLED for (size_t i = 0; i < SIF_STRIP; i++) {                                                                               \
            const LANE code = (LANE)(SIGNED_LANE)codes[first + i], from_1 = (LANE)(code + 1);                                              \
            const LANE clipped = IS_SIGNED ? (from_1 < last_row ? from_1 : last_row) : (LANE)((code < n_groups ? code : n_groups) + 1);    \
            const uint16_t row = (uint16_t)((uint16_t)clipped & (uint16_t)(int16_t)sif_bits_if_valid(valid, first + i)),                   \
                           of_grade = (uint16_t)((int16_t)grades[first + i] + 1);                                                          \
            const uint16_t stand_in = (uint16_t)(last_row + 1 + i / SIF_TABLES), counted = row == frequent ? stand_in : row;               \
            const uint16_t column = of_grade < last_column ? of_grade : last_column;                                                       \
            cell[i] = (uint16_t)((uint16_t)((uint16_t)(counted * columns) + column) & SIF_TABLE_MASK);                                     \
        }                                                                                                                                  \
    }                                                                                                                                      \
    TARGET SIF_INLINE void VERSION(count_strips_##KIND)(const TYPE *restrict codes, const uint8_t *restrict valid,                         \
                                                        const int8_t *restrict grades, size_t count, uint32_t n_groups, uint32_t n_grades, \
                                                        uint32_t frequent, const sif_rows_ahead *ahead, uint16_t *restrict tables) {       \
        uint16_t cells[2][SIF_STRIP];                                                                                                      \
        VERSION(find_strip_##KIND)                                                                                                         \
        (codes, valid, grades, 0, (LANE)n_groups, (uint16_t)n_grades, (uint16_t)frequent, cells[0]);                                  \
        for (size_t first = 0; first < count; first += SIF_STRIP) {                                                                        \
            const size_t next = first + SIF_STRIP < count ? first + SIF_STRIP : first;                                                     \
            VERSION(find_strip_##KIND)                                                                                                     \
            (codes, valid, grades, next, (LANE)n_groups, (uint16_t)n_grades, (uint16_t)frequent, cells[next / SIF_STRIP % 2]);             \
            sif_fetch_strip(ahead, first);                                                                                                 \
            for (size_t i = 0; i < SIF_STRIP; i += SIF_TABLES) {                                                                           \
                uint64_t four[2];                                                                                                          \
                memcpy(four, cells[first / SIF_STRIP % 2] + i, sizeof four);                                                               \
                count_eight(four[0], four[1], tables);                                                                                     \
            }                                                                                                                              \
        }                                                                                                                                  \
    }                                                                                                                                      \
    DEFINE_BOTH(KIND, TYPE)

DEFINE_COUNT_IN_TABLES(int8, int8_t, int16_t, uint16_t, 1)
DEFINE_COUNT_IN_TABLES(int16, int16_t, int16_t, uint16_t, 1)
DEFINE_COUNT_IN_TABLES(int32, int32_t, int32_t, uint32_t, 1)
DEFINE_COUNT_IN_TABLES(int64, int64_t, int64_t, uint64_t, 1)
DEFINE_COUNT_IN_TABLES(uint8, uint8_t, int16_t, uint16_t, 0)
DEFINE_COUNT_IN_TABLES(uint16, uint16_t, int16_t, uint16_t, 0)
DEFINE_COUNT_IN_TABLES(uint32, uint32_t, int32_t, uint32_t, 0)
DEFINE_COUNT_IN_TABLES(uint64, uint64_t, int64_t, uint64_t, 0)
#undef DEFINE_COUNT_IN_TABLES
#else
DEFINE_BOTH(int8, int8_t)
DEFINE_BOTH(int16, int16_t)
DEFINE_BOTH(int32, int32_t)
DEFINE_BOTH(int64, int64_t)
DEFINE_BOTH(uint8, uint8_t)
DEFINE_BOTH(uint16, uint16_t)
DEFINE_BOTH(uint32, uint32_t)
DEFINE_BOTH(uint64, uint64_t)
#endif
#undef DEFINE_BOTH

/* A missing code is all ones in its lane. The largest code says whether one was out of range: in signed kinds the largest code + 1,
 * which is 0 for a missing one; in others the largest code, with 0 for those that are not valid, where one is valid. */
#define DEFINE_FIND_CELLS(KIND, TYPE, SIGNED_LANE, LANE, IS_SIGNED)                                                                        \
    TARGET SIF_INLINE int VERSION(find_cells_of_##KIND)(const TYPE *restrict codes, const uint8_t *restrict valid,                         \
                                                        const int8_t *restrict grades, size_t count, uint32_t n_groups, uint32_t n_grades, \
                                                        uint32_t *restrict cell) {                                                         \
        const LANE last_group = (LANE)n_groups, last_grade = (LANE)n_grades, stride = (LANE)(n_grades + 1);                                \
        LANE most_group = 0, most_grade = 0, any_valid = 0;                                                                                \
        for (size_t i = 0; i < count; i++) {                                                                                               \
            const LANE mask = (LANE)(SIGNED_LANE)sif_bits_if_valid(valid, i), given = (LANE)(SIGNED_LANE)codes[i];                         \
            const LANE group = (LANE)(given | (LANE)~mask), grade = (LANE)(SIGNED_LANE)grades[i];                                          \
            const LANE of_group = IS_SIGNED ? (LANE)(group + 1) : (LANE)(given & mask), of_grade = (LANE)(grade + 1);                      \
            any_valid |= mask;                                                                                                             \
            most_group = of_group > most_group ? of_group : most_group;                                                                    \
            most_grade = of_grade > most_grade ? of_grade : most_grade;                                                                    \
            const LANE row = group < last_group ? group : last_group, column = grade < last_grade ? grade : last_grade;                    \
            cell[i] = (uint32_t)(LANE)((LANE)(row * stride) + column);                                                                     \
        }                                                                                                                                  \
        return (IS_SIGNED ? most_group > last_group : (any_valid != 0) & (most_group >= last_group)) | (most_grade > last_grade);          \
    }                                                                                                                                      \
    TARGET static int VERSION(find_cells_##KIND)(const void *groups, const uint8_t *valid, const int8_t *grades, size_t count,             \
                                                 uint32_t n_groups, uint32_t n_grades, uint32_t *cell) {                                   \
        return valid == NULL ? VERSION(find_cells_of_##KIND)(groups, NULL, grades, count, n_groups, n_grades, cell)                        \
                             : VERSION(find_cells_of_##KIND)(groups, valid, grades, count, n_groups, n_grades, cell);                      \
    }

DEFINE_FIND_CELLS(int8, int8_t, int32_t, uint32_t, 1)
DEFINE_FIND_CELLS(int16, int16_t, int32_t, uint32_t, 1)
DEFINE_FIND_CELLS(int32, int32_t, int32_t, uint32_t, 1)
DEFINE_FIND_CELLS(int64, int64_t, int64_t, uint64_t, 1)
DEFINE_FIND_CELLS(uint8, uint8_t, uint32_t, uint32_t, 0)
DEFINE_FIND_CELLS(uint16, uint16_t, uint32_t, uint32_t, 0)
DEFINE_FIND_CELLS(uint32, uint32_t, uint32_t, uint32_t, 0)
DEFINE_FIND_CELLS(uint64, uint64_t, uint64_t, uint64_t, 0)
#undef DEFINE_FIND_CELLS

/* Counts VALUES values in one reading. A lane of a partial count holds at most 255, so a stretch is 255 vectors long. This loop waits
 * for nothing but memory, which is asked for well before it is read. (At 1 to 4 KB before, some processors are fast and half as fast by
 * turns, as they fetch the same lines by themselves.) */
TARGET static void VERSION(count_values)(const int8_t *restrict grades, size_t count, uint32_t n_grades, int64_t *restrict counts) {
    enum { STRETCH = 255 * LANES, AHEAD = 8192 };
    const size_t whole = count / LANES * LANES;
    for (size_t start = 0; start < whole; start += STRETCH) {
        const int8_t *const stop = grades + (whole - start < STRETCH ? whole : start + STRETCH);
        for (uint32_t first = 0; first <= n_grades; first += VALUES) {
            int8_t value[VALUES];
            for (uint32_t v = 0; v < VALUES; v++)
                value[v] = first + v < n_grades ? (int8_t)(first + v) : -1;
            uint8_t partial[VALUES][LANES] = {{0}};
            for (const int8_t *grade = grades + start; grade < stop; grade += LANES) {
                SIF_FETCH((const void *)((uintptr_t)grade + AHEAD)); /* possibly past the end, where there is nothing to bring */
                for (size_t v = 0; v < VALUES; v++)
                    for (size_t lane = 0; lane < LANES; lane++)
                        partial[v][lane] = ADD_MATCH(partial[v][lane], grade[lane] == value[v]);
            }
            const uint32_t left = n_grades + 1 - first, n_values = left < VALUES ? left : VALUES;
            /* cppcheck-suppress knownConditionTrueFalse; where VALUES is 1 */
            for (uint32_t v = 0; v < n_values; v++) {
                uint32_t sum = 0;
                for (size_t lane = 0; lane < LANES; lane++)
                    sum += partial[v][lane];
                counts[first + v] += sum;
            }
        }
    }
    for (size_t i = whole; i < count; i++) {
        const int8_t grade = ((const volatile int8_t *)grades)[i]; /* read once: see sif_once */
        if ((uint32_t)(grade + 1) <= n_grades)
            counts[grade < 0 ? n_grades : (uint32_t)grade]++;
    }
}

const sif_counting_loops VERSION(sif_counting_loops) = {
    .count_in_tables = SIF_BY_KIND(count_in_tables),
    .find_cells = SIF_BY_KIND(find_cells),
    .count_values = VERSION(count_values),
};

#undef VERSION
#undef TARGET
#undef LANES
#undef VALUES
#undef ADD_MATCH
#undef KEEP_ROLLED
#undef IN_REGISTERS
