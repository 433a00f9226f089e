/* What the variance of Kendall's S needs where rows depend on one another: the squares of what rows bring, and of what clusters bring.
 *
 * A row brings u = D R: D are the rows of its group on earlier days less those on later days, R those with a worse grade less those with a
 * better one. The rows of a group are read first, a block at a time, and its grades counted; then what each row brings is added up by
 * cluster, day by day. */
#include <stdlib.h>
#include <string.h>

#include "code_loops.h"
#include "dated.h"
#include "histories.h"

enum { MOST_CLUSTER_GRADES = 4096, CLUSTERS_AHEAD = 16 };

/* What the rows of a cluster have brought in the group that it was last met in; 1 more than the group's code, 0 for none. */
typedef struct {
    double brought;
    int64_t group;
} cluster_total;

/* A row of the group at hand, as it was read; cluster and grade are -1 where they are missing. */
typedef struct {
    int32_t cluster, grade;
    uint32_t day; /* rises from day to day */
} clustered_row;

/* The group at hand, and the memory of a call. */
typedef struct {
    int64_t code, n_rows;  /* code -1: none yet */
    clustered_row *rows;   /* as many as the piece has rows; of a group that is done with, the clusters that it has met stand first */
    cluster_total *totals; /* by cluster */
    int64_t *balance;      /* by grade + 1: rows; then, rows of the group with a worse grade less those with a better one */
    int64_t n_grades;
} clustered_group;

static void begin_clustered_group(clustered_group *group, int64_t code) {
    group->code = code;
    group->n_rows = 0;
    memset(group->balance, 0, (size_t)(group->n_grades + 1) * sizeof *group->balance);
}

/* Adds the rows of a block from `i` on that are of the group. Returns one past the last. There is room for all rows of the piece. */
static size_t add_clustered_rows(clustered_group *group, const sif_history *block, const int32_t *grade, const int32_t *cluster, size_t i) {
    for (; i < block->count && sif_history_provider(block, i) == group->code; i++) {
        group->rows[group->n_rows++] = (clustered_row){cluster[i], grade[i], (uint32_t)(block->key[i + 1] & UINT32_MAX)};
        group->balance[grade[i] + 1]++; /* a grade is -1 .. n_grades - 1 */
    }
    return i;
}

/* Makes the balances of grades from their numbers of rows. Returns how many rows have a grade. */
static int64_t find_balances(const clustered_group *group) {
    const int64_t n = group->n_rows - group->balance[0];
    int64_t worse = 0;
    for (int64_t g = 1; g <= group->n_grades; g++) {
        const int64_t of_grade = group->balance[g];
        group->balance[g] = 2 * worse + of_grade - n;
        worse += of_grade;
    }
    return n;
}

/* Adds what a row brings to its cluster. Returns how many clusters the group has met, of which the rows met so far have room for all. */
static inline int64_t bring(const clustered_group *group, int64_t met, int32_t cluster, double amount) {
    cluster_total *const total = &group->totals[cluster];
    if (total->group != group->code + 1) {
        *total = (cluster_total){0, group->code + 1};
        group->rows[met].cluster = cluster;
        met++;
    }
    total->brought += amount;
    return met;
}

/* Adds up a group all of whose rows have been read: the squares of rows and of clusters, and how many clusters there are. */
static sif_status add_clusters(const clustered_group *group, double *sums, int64_t *n_clusters, const sif_interrupt_check *interrupt,
                               int64_t *work) {
    const int64_t n = find_balances(group), count = group->n_rows;
    double of_rows = 0, of_clusters = 0;
    int64_t before = 0, met = 0, alone = 0;
    for (int64_t low = 0, high; low < count; low = high) {
        int64_t today = 0;
        for (high = low; high < count && group->rows[high].day == group->rows[low].day; high++)
            today += group->rows[high].grade >= 0;
        if (sif_is_interrupted_after(interrupt, work, high - low))
            return sif_fail(SIF_INTERRUPTED, -1, 0);
        const int64_t in_time = 2 * before + today - n;
        before += today;
        for (int64_t k = low; k < high; k++) {
            const clustered_row row = group->rows[k];
            if (k + CLUSTERS_AHEAD < count) {
                const int32_t ahead = group->rows[k + CLUSTERS_AHEAD].cluster;
                SIF_FETCH_FOR_WRITING(&group->totals[ahead < 0 ? 0 : ahead]);
            }
            if (row.grade < 0)
                continue;
            const double amount = (double)(in_time * group->balance[row.grade + 1]);
            of_rows += amount * amount;
            if (row.cluster < 0) {
                of_clusters += amount * amount;
                alone++;
            } else
                met = bring(group, met, row.cluster, amount);
        }
    }
    for (int64_t k = 0; k < met; k++) {
        const double brought = group->totals[group->rows[k].cluster].brought;
        of_clusters += brought * brought;
    }
    sums[2 * group->code] += of_rows;
    sums[2 * group->code + 1] += of_clusters;
    n_clusters[group->code] += met + alone;
    return sif_ok();
}

/* Makes the memory of a call, of which the first group is none. Returns whether there was memory for all. */
static int make_clustered_group(clustered_group *group, int64_t most_rows, int64_t n_grades, int64_t n_clusters) {
    group->n_grades = n_grades;
    group->rows = sif_room_for((uint64_t)most_rows + 1, sizeof *group->rows);
    group->balance = sif_room_for((uint64_t)n_grades + 1, sizeof *group->balance);
    group->totals = calloc((size_t)n_clusters + 1, sizeof *group->totals); /* pages of clusters that are not met stay untouched */
    return group->rows != NULL && group->balance != NULL && group->totals != NULL;
}

static sif_status each_block(const sif_codes *grades, const sif_codes *clusters, sif_history *block, clustered_group *group, double *sums,
                             int64_t *n_clusters, const sif_interrupt_check *interrupt) {
    /* To histories the group is the provider. So a fault of a cluster has the name of the other one until all is done. */
    const sif_column columns[] = {{grades, SIF_BAD_GRADE}, {clusters, SIF_BAD_GROUP}};
    const sif_code_loops *const loops = sif_code_loops_now();
    int32_t grade[HISTORY_BLOCK], cluster[HISTORY_BLOCK];
    sif_status status = sif_ok();
    int64_t work = 0;
    while (status.code == SIF_OK && sif_has_more_history(block)) {
        const int may_fail = sif_read_history(block);
        sif_read_codes(block, grades, grade);
        sif_read_codes(block, clusters, cluster);
        block->is_faulty |= loops->are_outside(grade, block->count, (uint32_t)grades->size);
        block->is_faulty |= loops->are_outside(cluster, block->count, (uint32_t)clusters->size);
        if (may_fail || block->is_faulty)
            status = sif_first_fault(block, columns, 2);
        for (size_t i = 0; status.code == SIF_OK && i < block->count; i = add_clustered_rows(group, block, grade, cluster, i)) {
            const int64_t code = sif_history_provider(block, i);
            if (group->code >= 0 && code != group->code)
                status = add_clusters(group, sums, n_clusters, interrupt, &work);
            if (code != group->code)
                begin_clustered_group(group, code);
        }
        if (status.code == SIF_OK && sif_is_interrupted_after(interrupt, &work, (int64_t)block->count))
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    return status.code == SIF_OK && group->code >= 0 ? add_clusters(group, sums, n_clusters, interrupt, &work) : status;
}

sif_status sif_kendall_clusters(const sif_dated *rows, const sif_codes *grades, const sif_codes *clusters, double *sums,
                                int64_t *n_clusters, const sif_interrupt_check *interrupt) {
    sif_status status;
    /* Dated rows are records: the group for provider, the day for inspected. */
    const sif_records records = {.n = rows->n, .provider = rows->group, .inspected = rows->day};
    clustered_group group = {.code = -1};
    sif_history block;
    if (rows->n > SIF_MOST_ROWS || grades->size > MOST_CLUSTER_GRADES || clusters->size > INT32_MAX) {
        status = sif_fail(SIF_TOO_LARGE, -1,
                          rows->n > SIF_MOST_ROWS ? rows->n : grades->size > MOST_CLUSTER_GRADES ? grades->size : clusters->size);
        goto done;
    }
    status = sif_start_history(&block, &records, rows->order, rows->piece);
    if (status.code == SIF_OK && !make_clustered_group(&group, block.stop - block.first, grades->size, clusters->size))
        status = sif_fail(SIF_NO_MEMORY, -1, 0);
    if (status.code == SIF_OK)
        status = each_block(grades, clusters, &block, &group, sums, n_clusters, interrupt);
    if (status.code == SIF_BAD_PROVIDER)
        status.code = SIF_BAD_GROUP;
    else if (status.code == SIF_BAD_GROUP)
        status.code = SIF_BAD_PROVIDER;
done:
    free(group.rows);
    free(group.totals);
    free(group.balance);
    (void)sif_finish(status, n_clusters, rows->group.size, NULL, 0);
    return sif_finish(status, NULL, 0, sums, 2 * rows->group.size);
}
