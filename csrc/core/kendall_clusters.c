/* What the variance of Kendall's S needs where rows depend on one another: the squares of what rows bring, and of what clusters bring.
 *
 * A row brings u = D R: D are the rows of its group on earlier days less those on later days, R those with a worse grade less those with a
 * better one. Two passes over a group: its rows by grade, and then day by day what each row brings, added up by cluster. */
#include <math.h>
#include <string.h>

#include "dated.h"

enum { MOST_CLUSTER_GRADES = 4096, CLUSTERS_AHEAD = 16 };

/* What the rows of a cluster have brought in the group that it was last met in; 1 more than the group's code, 0 for none. */
typedef struct {
    double brought;
    int64_t group;
} cluster_total;

/* A row of the group at hand, as it was read. */
typedef struct {
    int64_t cluster;
    int32_t grade; /* -1: missing */
} clustered_row;

/* The memory of a call. */
typedef struct {
    clustered_row *rows;   /* as many as the piece has rows; of a group that is done with, the clusters that it has met stand first */
    cluster_total *totals; /* by cluster */
    int64_t *balance;      /* by grade: rows of the group with a worse grade less those with a better one */
} cluster_memory;

/* Reads the rows at positions start .. stop - 1, a group, and the balance of each grade; n: how many have a grade. */
static sif_status read_group(const sif_dated *rows, const sif_codes *grades, const sif_codes *clusters, int64_t start, int64_t stop,
                             const cluster_memory *memory, int64_t *n, const sif_interrupt_check *interrupt, int64_t *work) {
    memset(memory->balance, 0, (size_t)grades->size * sizeof *memory->balance);
    *n = 0;
    for (int64_t j = start; j < stop; j++) {
        const int64_t i = sif_row_at(rows, j), grade = sif_code_at(grades, i), cluster = sif_code_at(clusters, i);
        if (!sif_code_fits(grade, grades->size))
            return sif_fail(SIF_BAD_GRADE, i, grade);
        if (!sif_code_fits(cluster, clusters->size))
            return sif_fail(SIF_BAD_PROVIDER, i, cluster);
        memory->rows[j - start] = (clustered_row){cluster, (int32_t)grade};
        if (grade >= 0) {
            memory->balance[grade]++;
            ++*n;
        }
        if (sif_is_interrupted_after(interrupt, work, 1))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    int64_t worse = 0;
    for (int64_t g = 0; g < grades->size; g++) {
        const int64_t of_grade = memory->balance[g];
        memory->balance[g] = 2 * worse + of_grade - *n;
        worse += of_grade;
    }
    return sif_ok();
}

/* Adds what a row brings to its cluster. Returns how many clusters the group has met, of which the rows met so far have room for all. */
static inline int64_t bring(const cluster_memory *memory, int64_t group, int64_t met, int64_t cluster, double amount) {
    cluster_total *const total = &memory->totals[cluster];
    if (total->group != group + 1) {
        *total = (cluster_total){0, group + 1};
        memory->rows[met].cluster = cluster;
        met++;
    }
    total->brought += amount;
    return met;
}

/* Adds up a group that has been read: the squares of rows and of clusters, and how many clusters there are. */
static sif_status add_clusters(const sif_dated *rows, int64_t start, int64_t count, const cluster_memory *memory, int64_t group, int64_t n,
                               double *sums, int64_t *n_clusters, const sif_interrupt_check *interrupt, int64_t *work) {
    double of_rows = 0, of_clusters = 0;
    int64_t before = 0, met = 0, alone = 0;
    for (int64_t low = 0, high; low < count; low = high) {
        const int64_t day = sif_once(rows->day, sif_row_at(rows, start + low));
        int64_t today = 0;
        for (high = low; high < count && (high == low || sif_once(rows->day, sif_row_at(rows, start + high)) == day); high++)
            today += memory->rows[high].grade >= 0;
        if (sif_is_interrupted_after(interrupt, work, high - low))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        const int64_t in_time = 2 * before + today - n;
        before += today;
        for (int64_t k = low; k < high; k++) {
            const clustered_row row = memory->rows[k];
            if (k + CLUSTERS_AHEAD < count) {
                const int64_t ahead = memory->rows[k + CLUSTERS_AHEAD].cluster;
                SIF_FETCH_FOR_WRITING(&memory->totals[ahead < 0 ? 0 : ahead]);
            }
            if (row.grade < 0)
                continue;
            const double amount = (double)(in_time * memory->balance[row.grade]);
            of_rows += amount * amount;
            if (row.cluster < 0) {
                of_clusters += amount * amount;
                alone++;
            } else
                met = bring(memory, group, met, row.cluster, amount);
        }
    }
    for (int64_t k = 0; k < met; k++) {
        const double brought = memory->totals[memory->rows[k].cluster].brought;
        of_clusters += brought * brought;
    }
    sums[0] += of_rows;
    sums[1] += of_clusters;
    *n_clusters += met + alone;
    return sif_ok();
}

sif_status sif_kendall_clusters(const sif_dated *rows, const sif_codes *grades, const sif_codes *clusters, double *sums,
                                int64_t *n_clusters, const sif_interrupt_check *interrupt) {
    sif_status status = sif_ok();
    cluster_memory memory = {NULL, NULL, NULL};
    if (rows->n > SIF_MOST_ROWS || grades->size > MOST_CLUSTER_GRADES) {
        status = sif_fail(SIF_TOO_LARGE, -1, grades->size > MOST_CLUSTER_GRADES ? grades->size : rows->n);
        goto done;
    }
    const sif_piece piece = sif_piece_of(rows);
    memory.rows = sif_room_for((uint64_t)(piece.stop - piece.first) + 1, sizeof *memory.rows);
    memory.balance = sif_room_for((uint64_t)grades->size + 1, sizeof *memory.balance);
    /* Pages of clusters that are not met stay untouched. */
    if ((uint64_t)clusters->size < SIZE_MAX / sizeof *memory.totals)
        memory.totals = calloc((size_t)clusters->size + 1, sizeof *memory.totals);
    if (memory.rows == NULL || memory.balance == NULL || memory.totals == NULL) {
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
        goto done;
    }
    for (int64_t start = piece.first, stop, group, n, work = 0; start < piece.stop; start = stop) {
        status = sif_next_group(rows, start, piece.stop, &group, &stop, interrupt, &work);
        if (status.code == SIF_OK)
            status = read_group(rows, grades, clusters, start, stop, &memory, &n, interrupt, &work);
        if (status.code == SIF_OK)
            status = add_clusters(rows, start, stop - start, &memory, group, n, sums + 2 * group, n_clusters + group, interrupt, &work);
        if (status.code != SIF_OK)
            goto done;
    }
done:
    free(memory.rows);
    free(memory.totals);
    free(memory.balance);
    if (status.code != SIF_OK)
        for (int64_t g = 0; g < rows->group.size; g++) {
            sums[2 * g] = sums[2 * g + 1] = NAN;
            n_clusters[g] = SIF_VOID;
        }
    return status;
}
