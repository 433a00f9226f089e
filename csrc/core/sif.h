/* The C core of ofsted_sif: aggregates grades of inspections. Plain C11, no Python; this header can be included from C++, too.
 *
 * Words. A *code* is the position of a value in a list of labels: a grade in its scale (worst to best), a group or a provider in its
 * dictionary. A *day* counts days from 1970-01-01; SIF_NO_DAY is a missing date and lies before every day, so that a condition
 * "by this date" holds where the date is not known.
 *
 * What holds of every kernel:
 *   - Inputs are const and hold n rows each. Outputs belong to the caller, who gives the size stated beside them.
 *   - Codes are checked inside the loop, before they index anything. The first offending row comes back in the status.
 *   - Numbers may be wrong, memory never: others (threads, or a signal handler that the interrupt check runs) may write to inputs during
 *     the call. Then what comes out may be wrong, or SIF_CHANGED, but nothing outside inputs and outputs is read or written. Outputs are
 *     the kernel's alone until it returns: they overlap neither inputs nor one another, and nobody else writes to them.
 *   - Unless the status is SIF_OK, outputs are void: all counts are SIF_VOID, and all doubles NaN. SIF_TOO_LARGE says that there can be no
 *     such outputs: then nothing was written to them. The number of results, where one is given, is SIF_VOID after each failure. (Functions
 *     of dictionaries say themselves what holds of their outputs, and who may use a dictionary.)
 *   - Scratch memory is allocated in the kernel, checked, and freed on every path.
 *   - Results add up: counts of pieces of the rows (for histories, pieces that split between providers) sum to the counts of the whole.
 *
 * Who may call what, and when:
 *   - Any thread may call any kernel at any time, also several at once, on inputs that they share and outputs of their own. A kernel calls
 *     malloc, so a signal handler may not call one.
 *   - The interrupt check is called in the thread of the kernel, now and then (at least once in SIF_ROWS_PER_CHECK rows). It may be NULL.
 *   - Nothing needs to be called first. The best version of the hot loops is chosen at the first use.
 *
 * "Returns" beside a function lists what it returns beside SIF_OK. Each that takes an interrupt check may return SIF_INTERRUPTED. */
#ifndef SIF_H
#define SIF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(SIF_SHARED) && defined(__GNUC__) /* while the shared library is built, which hides all else */
#pragma GCC visibility push(default)
#endif

/* The version of this header, and of the library that is linked. */
#define SIF_VERSION_MAJOR 0
#define SIF_VERSION_MINOR 1
#define SIF_VERSION_PATCH 0
#define SIF_VERSION "0.1.0"
const char *sif_version(void);

#define SIF_NO_DAY INT64_MIN
#define SIF_VOID ((int64_t)(-1))
#ifndef SIF_ROWS_PER_CHECK /* fuzz targets ask more often */
#define SIF_ROWS_PER_CHECK ((int64_t)1 << 20)
#endif

typedef enum {
    SIF_OK = 0,
    SIF_BAD_GRADE,    /* value: a grade code outside its scale */
    SIF_BAD_GROUP,    /* value: a group code outside its dictionary */
    SIF_BAD_PERIOD,   /* value: a period code outside its periods */
    SIF_BAD_PROVIDER, /* value: a provider code outside its dictionary, or missing (-1) */
    SIF_BAD_WEIGHT,   /* value: the bits of a negative or infinite weight, a double */
    SIF_BAD_ROW,      /* value: an entry of `order` that is no row */
    SIF_BAD_DAY,      /* value: a day more than 2^31 days from 1970 */
    SIF_NO_DATE,      /* a row with neither an inspection nor a publication date */
    SIF_BAD_SPAN,     /* value: the day of a record that lies after its provider has closed */
    SIF_UNORDERED,    /* row: the first that comes too early for "ordered by provider and date" */
    SIF_BAD_GRID,     /* row: the first grid date or cut-off that is before the one before it */
    SIF_BAD_VALUE,    /* a number that is NaN or infinite; value: an S, a tie pattern, a profile or a cell that there can't be */
    SIF_TOO_LARGE,    /* value: a number of cells or rows that this kernel can't address */
    SIF_NO_MEMORY,
    SIF_BAD_TEXT, /* a text that does not lie within its buffer, or is no UTF-8 */
    SIF_INTERRUPTED,
    SIF_CHANGED /* an input that was written to during the call: what was found in it at first is no longer there */
} sif_code;

typedef struct {
    sif_code code;
    int64_t row;   /* the first offending row (of `order`, where one is given), -1 where no row is to blame */
    int64_t value; /* what stands there */
} sif_status;

typedef enum { SIF_INT8, SIF_INT16, SIF_INT32, SIF_INT64, SIF_UINT8, SIF_UINT16, SIF_UINT32, SIF_UINT64 } sif_kind;

/* A column of codes 0 .. size - 1. Missing is -1 where the kind is signed, or a 0 bit where a validity bitmap is given (as Arrow and
 * polars have it; a code behind a 0 bit is not looked at). */
typedef struct {
    const void *data;
    const uint8_t *validity; /* NULL: all valid; else bit validity_offset + i tells whether row i is */
    int64_t validity_offset;
    int64_t size; /* number of labels */
    sif_kind kind;
} sif_codes;

/* Asked whether to stop: non-zero means yes. */
typedef struct {
    int (*stop)(void *context);
    void *context;
} sif_interrupt_check;

/* What a column of dates counts from 1970-01-01: days, or moments, whose time of day is dropped. They are int64, and INT64_MIN is a missing
 * date; SIF_DAYS32 are int32, and INT32_MIN is. So NumPy's datetime64 and Arrow's dates and timestamps pass as they lie. */
typedef enum { SIF_DAYS, SIF_SECONDS, SIF_MILLISECONDS, SIF_MICROSECONDS, SIF_NANOSECONDS, SIF_DAYS32 } sif_date_unit;

/* The records of providers, for the kernels that follow a provider through time. `inspected` is the day on which the inspection began,
 * `published` the day of its report; one of the two may be missing. A record is dated by `inspected`, or by `published` where that
 * is missing; then by `published`; then by its row. The last of equals wins. */
typedef struct {
    int64_t n;
    sif_codes provider;
    const void *inspected;
    const void *published;    /* NULL: no publication date is known */
    const uint8_t *eligible;  /* NULL: all; else rows with 0 take no part */
    const int64_t *opened;    /* by provider code, or NULL; days; a provider is open on [opened, closed) */
    const int64_t *closed;    /* by provider code, or NULL; SIF_NO_DAY is no bound, here and in `opened` */
    sif_date_unit inspected_unit, published_unit; /* SIF_DAYS where nothing is said */
} sif_records;

/* The share of one call among several that may run at once: the providers (or groups) that begin at places first .. stop - 1 of the order,
 * each to its end; 0 <= first <= stop <= n. Calls whose pieces follow one another up to n give together what one call without a piece
 * (NULL) gives, and of their failures that of the first piece is that of the whole. */
typedef struct {
    int64_t first, stop;
    int of_providers; /* records may lie in any order: the share is that of the providers first .. stop - 1, by their codes */
} sif_piece;

/* Chooses the version of the hot loops: "baseline", "avx2", "avx512" or "neon", or NULL for the best that this processor has, which is
 * chosen without a call, too. Returns 0, or -1 for a version that is unknown or that the processor lacks: the choice then stays. It may be
 * called at any time; a kernel that runs meanwhile may go on in either version, with the same results. */
int sif_use_cpu(const char *name);
const char *sif_cpu_in_use(void);

/* Rows of groups, for the kernels of trends. `order` names them by group and day as sif_order_records gives them with the group for
 * provider and the day for inspected, or is NULL where they lie so (checked). No group and no day may be missing. */
#define SIF_MOST_ROWS ((int64_t)1 << 31) /* so that pairs of rows fit 64 bits */
typedef struct {
    int64_t n;
    sif_codes group;
    const int64_t *day;
    const int64_t *order;
    const sif_piece *piece; /* NULL: all */
} sif_dated;

/* Counts rows by group and grade.
 * counts: (groups->size + 1) x (grades->size + 1), row-major, *added to*; the last row takes missing groups, the last column missing
 * grades. groups NULL: one group, counts is 1 x (grades->size + 1).
 * Returns: SIF_BAD_GROUP, SIF_BAD_GRADE, SIF_TOO_LARGE, SIF_NO_MEMORY, SIF_CHANGED. */
sif_status sif_count_grades(int64_t n, const sif_codes *groups, const sif_codes *grades, int64_t *counts,
                            const sif_interrupt_check *interrupt);

/* Sums weights by group and grade, with Neumaier's compensation.
 * sums: like counts above, added to. unweighted: (groups->size + 1), added to: rows whose weight is missing (NaN); they enter no sum.
 * groups NULL: one group. On error sums are NaN and unweighted SIF_VOID.
 * Returns: SIF_BAD_GROUP, SIF_BAD_GRADE, SIF_BAD_WEIGHT, SIF_TOO_LARGE, SIF_NO_MEMORY, SIF_CHANGED. */
sif_status sif_sum_weights(int64_t n, const sif_codes *groups, const sif_codes *grades, const double *weights, double *sums,
                           int64_t *unweighted, const sif_interrupt_check *interrupt);

/* Orders records by provider and time (see sif_records; `eligible`, `opened` and `closed` are not looked at). Stable.
 * order: n; the rows in their order. already: 1 where that is 0, 1, 2, ...
 * Returns: SIF_BAD_PROVIDER, SIF_NO_DATE, SIF_TOO_LARGE, SIF_NO_MEMORY, SIF_CHANGED. */
sif_status sif_order_records(const sif_records *records, int64_t *order, int *already, const sif_interrupt_check *interrupt);

/* Rows of providers on days; a row whose provider is negative, or whose day is missing, takes no part. */
typedef struct {
    int64_t n;
    const int32_t *provider;
    const int64_t *day;
} sif_provider_days;

/* Finds the pairs of an older and a newer row that are of one provider and whose days are at most `near` apart, 0 <= near.
 * older_rows, newer_rows: `room` each; the rows of the first pairs that were found, those of a newer row together, newer rows rising.
 * n_pairs: how many there are. Where that is more than there is room for, a call with so much room gives all.
 * Returns: SIF_TOO_LARGE, SIF_NO_MEMORY. */
sif_status sif_near_pairs(const sif_provider_days *older, const sif_provider_days *newer, int64_t near, int64_t room, int64_t *older_rows,
                          int64_t *newer_rows, int64_t *n_pairs, const sif_interrupt_check *interrupt);

/* The row of each provider's most recent eligible record that was inspected by `date` and published by `cutoff`.
 * rows: provider.size; -1 where there is none, or where the provider is not open on `date`. The rows need no order.
 * Returns: SIF_BAD_PROVIDER, SIF_NO_DATE, SIF_TOO_LARGE, SIF_NO_MEMORY. */
sif_status sif_latest_as_at(const sif_records *records, int64_t date, int64_t cutoff, int64_t *rows, const sif_interrupt_check *interrupt);

/* Counts, for each date of a grid, the records in force by group and grade.
 * order: the rows ordered by provider and time as sif_order_records gives them (checked), or NULL: then they are brought into that order
 * here, at no cost where they lie so.
 * piece: which providers to count (NULL: all); the counts of pieces add up. Without `order` the records must lie in order for a piece,
 * unless it is one of providers. Of such pieces a failure may be another than that of the whole, and SIF_UNORDERED says only that the whole
 * must be asked.
 * groups: codes of the group of each record, or NULL for one group. expires: n days, or NULL: the last day on which a record's grade
 * counts (SIF_NO_DAY: for ever); after it, it counts as missing. dates, cutoffs: n_dates each, neither decreasing.
 * counts: n_dates x (groups->size + 1) x (grades->size + 1), overwritten.
 * A record is in force from the first date on which it is both inspected and published, until the first on which a later record is; while
 * its provider is open.
 * Returns: SIF_BAD_PROVIDER, SIF_BAD_GROUP, SIF_BAD_GRADE, SIF_NO_DATE, SIF_BAD_ROW, SIF_UNORDERED, SIF_BAD_GRID, SIF_TOO_LARGE,
 * SIF_NO_MEMORY, SIF_CHANGED. */
sif_status sif_count_as_at(const sif_records *records, const int64_t *order, const sif_piece *piece, const sif_codes *groups,
                           const sif_codes *grades, const int64_t *expires, int64_t n_dates, const int64_t *dates, const int64_t *cutoffs,
                           int64_t *counts, const sif_interrupt_check *interrupt);

/* As sif_count_as_at, but gives only what each date changes in the counts of the date before (of the first: in none): memory goes with the
 * records, whatever the grid.
 * cells, changes: room for 2 n each, 4 n where `expires` is given; the first n_changes are written. A cell is
 * (group x n_dates + date) x (grades->size + 1) + grade, with groups->size for missing groups and grades->size for missing grades; cells
 * rise, and no change is 0. Changes of pieces are merged by adding those of a cell.
 * Returns: as sif_count_as_at. */
sif_status sif_changes_as_at(const sif_records *records, const int64_t *order, const sif_codes *groups, const sif_codes *grades,
                             const int64_t *expires, int64_t n_dates, const int64_t *dates, const int64_t *cutoffs, int64_t *n_changes,
                             int64_t *cells, int64_t *changes, const sif_interrupt_check *interrupt);

/* Counts from which grade to which consecutive eligible records of a provider go, by the group and period of the later one.
 * order: as for sif_count_as_at. groups, periods: codes of each record, or NULL for one group, one period. Of several eligible records of
 * a provider that are dated on one day the last counts. Codes are checked in all rows, eligible or not; days lie within 2^31 of 1970.
 * counts: (groups->size + 1) x (periods->size + 1) x (grades->size + 1) x (grades->size + 1), from x to, overwritten; the last of each
 * takes the missing.
 * Returns: SIF_BAD_PROVIDER, SIF_BAD_GROUP, SIF_BAD_PERIOD, SIF_BAD_GRADE, SIF_NO_DATE, SIF_BAD_DAY, SIF_BAD_ROW, SIF_UNORDERED,
 * SIF_TOO_LARGE, SIF_NO_MEMORY, SIF_CHANGED. */
sif_status sif_count_transitions(const sif_records *records, const int64_t *order, const sif_piece *piece, const sif_codes *groups,
                                 const sif_codes *periods, const sif_codes *grades, int64_t *counts, const sif_interrupt_check *interrupt);

/* Finds how long each grade was held: a spell begins with an eligible record that has a grade, goes on through those of the same grade,
 * and ends with the next of another, or with the end of observation: `until` or the day on which the provider closed, if that is earlier.
 * Records without a grade, and those after `until`, take no part. A record counts from its provider's opening where that is later; of
 * several that count from one day the last counts. order: the rows ordered by provider and time, or NULL where they lie so (SIF_UNORDERED
 * where they do not); days lie within 2^31 of 1970.
 * rows, ended_by, start, end: n each, of which the first n_spells are written, in order of provider and time: the row that began the spell,
 * the row that ended it (-1: end of observation), and the days of both. On error n_spells is SIF_VOID.
 * Returns: SIF_BAD_PROVIDER, SIF_BAD_GRADE, SIF_NO_DATE, SIF_BAD_DAY, SIF_BAD_SPAN, SIF_BAD_ROW, SIF_UNORDERED, SIF_TOO_LARGE,
 * SIF_CHANGED. */
sif_status sif_spells(const sif_records *records, const int64_t *order, const sif_codes *grades, int64_t until, int64_t *n_spells,
                      int64_t *rows, int64_t *ended_by, int64_t *start, int64_t *end, const sif_interrupt_check *interrupt);

/* Mann-Kendall: sums the sign of (later - earlier) over the pairs of rows of a group on different days, and what the variance of that sum
 * needs of the ties. Missing grades take no part. Where values are grades, days lie within 2^31 of 1970.
 * counts: group.size x SIF_KENDALL_COUNTS, added to. Ties are counted as sums of t (t - 1) over the sets of t equal values (or days).
 * SIF_KENDALL_TIE_PATTERN says how the values of a group of at most SIF_MOST_EXACT rows on different days are tied, in runs of equals, the
 * longest first: bit j is set where a run ends after j + 1 values. 0 where the group is larger, or days are tied.
 * cubes: group.size x 2, added to: the ordered triples of rows whose values are not all equal, n (n - 1) (n - 2) less the sum of
 * t (t - 1) (t - 2), and those whose days are not. They are counted exactly and rounded once. On error they are NaN.
 * Returns: SIF_BAD_GROUP, SIF_BAD_GRADE or SIF_BAD_VALUE, SIF_NO_DATE, SIF_BAD_DAY, SIF_BAD_ROW, SIF_UNORDERED, SIF_TOO_LARGE,
 * SIF_NO_MEMORY, SIF_CHANGED. */
enum {
    SIF_KENDALL_N,
    SIF_KENDALL_S,
    SIF_KENDALL_VALUE_TIES,
    SIF_KENDALL_DAY_TIES,
    SIF_KENDALL_TIE_PATTERN,
    SIF_KENDALL_COUNTS,
    SIF_MOST_EXACT = 20 /* 20! is the largest factorial below 2^64 */
};
sif_status sif_kendall_grades(const sif_dated *rows, const sif_codes *grades, int64_t *counts, double *cubes,
                              const sif_interrupt_check *interrupt);
sif_status sif_kendall_values(const sif_dated *rows, const double *values, int64_t *counts, double *cubes,
                              const sif_interrupt_check *interrupt);

/* What the variance of S needs where rows depend on one another. Let u be, of a row, the rows of its group on earlier days less those on
 * later days, times the rows with a worse grade less those with a better one. Missing grades take no part. Days lie within 2^31 of 1970.
 * clusters: codes of what rows belong to; a missing one is a cluster of its own. Memory: 12 bytes a row of the piece, 16 a cluster.
 * sums: group.size x 2, added to: the sum of u^2 over rows, and over clusters the sum of (the sum of u over their rows)^2.
 * n_clusters: group.size, added to. On error sums are NaN and n_clusters SIF_VOID.
 * Returns: SIF_BAD_GROUP, SIF_BAD_GRADE, SIF_BAD_PROVIDER (a code of a cluster that is none), SIF_NO_DATE, SIF_BAD_DAY, SIF_BAD_ROW,
 * SIF_UNORDERED, SIF_TOO_LARGE, SIF_NO_MEMORY, SIF_CHANGED. */
sif_status sif_kendall_clusters(const sif_dated *rows, const sif_codes *grades, const sif_codes *clusters, double *sums,
                                int64_t *n_clusters, const sif_interrupt_check *interrupt);

/* The exact distribution of S where every order of the values is as likely, given their ties.
 * tie_pattern: n, as above, not 0; s: n. above, at: n; the probabilities that S is larger than s, and that it is s. Cases of the same tie
 * pattern should follow one another: their distribution is worked out once. On error the outputs are NaN.
 * Returns: SIF_BAD_VALUE. */
sif_status sif_kendall_exact(int64_t n, const int64_t *tie_pattern, const int64_t *s, double *above, double *at,
                             const sif_interrupt_check *interrupt);

/* Theil-Sen: the slopes of given ranks among those of all pairs of rows of a group on different days, in units of value a day.
 * ranks: group.size x n_ranks, 0 the least. slopes: as many, overwritten; NaN where a group has no slope of that
 * rank, or is not in the piece.
 * Takes a quarter of a megabyte and 64 bytes a row; time grows hardly faster than the rows, but as their square where one slope is that
 * of a large part of all pairs. On error slopes are NaN.
 * Returns: SIF_BAD_GROUP, SIF_BAD_VALUE, SIF_NO_DATE, SIF_BAD_ROW, SIF_UNORDERED, SIF_TOO_LARGE, SIF_NO_MEMORY, SIF_CHANGED. */
sif_status sif_theil_sen(const sif_dated *rows, const double *values, int64_t n_ranks, const int64_t *ranks, double *slopes,
                         const sif_interrupt_check *interrupt);

/* Bootstrap by provider: draws as many providers as there are, with replacement, and sums the counts of those drawn.
 * Providers with the same counts are given as one profile: members, n_profiles: how many have it; entries, n_profiles + 1: where its
 * cells begin in cell and count (n_entries of each, which entries[n_profiles] must be; cell below n_cells).
 * resampled: n_replicates x n_cells, overwritten. Replicate first_replicate + r draws from a stream of its own, which seed and number
 * decide: pieces of the replicates laid one after another are the whole. On error they are SIF_VOID.
 * Returns: SIF_BAD_VALUE, SIF_TOO_LARGE, SIF_NO_MEMORY, SIF_CHANGED. */
sif_status sif_resample_counts(int64_t n_profiles, const int64_t *members, const int64_t *entries, int64_t n_entries, const int64_t *cell,
                               const int64_t *count, int64_t n_cells, uint64_t seed, int64_t first_replicate, int64_t n_replicates,
                               int64_t *resampled, const sif_interrupt_check *interrupt);

/* A column of texts as tables hold them; a text may have any bytes, NUL too.
 * SIF_OFFSETS32, SIF_OFFSETS64: as Arrow's string and large_string. `rows` has n + 1 offsets into buffers[0].
 * SIF_VIEWS: as Arrow's string_view. `rows` has n views of 16 bytes, which name any of n_buffers buffers.
 * No byte outside the buffers is read, wherever offsets and views point. */
typedef enum { SIF_OFFSETS32, SIF_OFFSETS64, SIF_VIEWS } sif_text_kind;

typedef struct {
    int64_t n;
    sif_text_kind kind;
    const void *rows; /* need not be aligned */
    const uint8_t *const *buffers;
    const int64_t *sizes;
    int64_t n_buffers;
    const uint8_t *validity; /* as in sif_codes; what stands behind a 0 bit is not looked at */
    int64_t validity_offset;
} sif_texts;

/* The labels that a column, or several that are encoded one after another, has had so far: numbered in order of first appearance, compared
 * byte by byte. While one thread changes it no other may use it; several may look texts up. At most `most` labels, below INT32_MAX - 2.
 * seed: what nobody who chooses the texts knows, so that no choice of them takes longer than others; no result depends on it.
 * sif_new_dictionary gives NULL where there is no memory. first_rows: the first row of each label; valid until the next call. */
typedef struct sif_dictionary sif_dictionary;
sif_dictionary *sif_new_dictionary(uint64_t seed, int64_t most);
void sif_free_dictionary(sif_dictionary *dictionary);
int64_t sif_dictionary_size(const sif_dictionary *dictionary);
const int64_t *sif_first_rows(const sif_dictionary *dictionary);

/* The code of each row: that of its label in the dictionary, to which new labels are added; -1 missing.
 * codes: n, overwritten. first_row: the number of row 0 in the whole column, for first_rows and the status.
 * SIF_BAD_TEXT: a row that does not lie within its bytes, is longer than INT32_MAX bytes, or is no UTF-8. SIF_TOO_LARGE: more labels than
 * `most`. After any error, this one too, codes may hold anything, and the dictionary is only good for being freed.
 * Returns: SIF_BAD_TEXT, SIF_TOO_LARGE, SIF_NO_MEMORY. */
sif_status sif_encode_text(sif_dictionary *dictionary, const sif_texts *texts, int64_t first_row, int32_t *codes,
                           const sif_interrupt_check *interrupt);

/* A long column in threads: each looks texts up in its own piece, in a dictionary that meanwhile does not change; then one thread adds what
 * was unknown, piece after piece. The codes are those of sif_encode_text.
 * codes: n, overwritten; SIF_UNKNOWN for a text that was not found. n_unknown: how many those are. Returns: nothing but SIF_OK. */
#define SIF_UNKNOWN (-2)
sif_status sif_look_up_text(const sif_dictionary *dictionary, const sif_texts *texts, int32_t *codes, int64_t *n_unknown,
                            const sif_interrupt_check *interrupt);
/* As sif_encode_text, of the rows alone whose code is SIF_UNKNOWN; the others keep theirs. */
sif_status sif_encode_unknown(sif_dictionary *dictionary, const sif_texts *texts, int64_t first_row, int32_t *codes,
                              const sif_interrupt_check *interrupt);

/* The place of each label among all, sorted by their bytes: that is the order of code points.
 * place: as many as there are labels; after an error it may hold anything. Returns: SIF_NO_MEMORY. */
sif_status sif_sort_labels(const sif_dictionary *dictionary, int32_t *place, const sif_interrupt_check *interrupt);

/* The labels themselves: that of code c has the bytes offsets[c] .. offsets[c + 1] - 1. As a dictionary has them where `place` is NULL, else in
 * the places that sif_sort_labels gave them. first_rows: as many as there are labels; offsets: one more; bytes: sif_bytes_of_labels. */
int64_t sif_bytes_of_labels(const sif_dictionary *dictionary);
void sif_copy_labels(const sif_dictionary *dictionary, const int32_t *place, int64_t *first_rows, int64_t *offsets, uint8_t *bytes);

/* Puts place[code] in the place of each code from 0 to size - 1, and -1 in that of all others. After SIF_INTERRUPTED
 * some codes are new and some are old. */
sif_status sif_recode(int64_t n, int64_t size, const int32_t *place, int32_t *codes, const sif_interrupt_check *interrupt);

#if defined(SIF_SHARED) && defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
