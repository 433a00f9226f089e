/* How long each grade was held.
 *
 * A record waits until the next one is met, since the last per day counts. Then it continues the spell of its provider (same grade), or
 * ends it and begins another. */
#include "code_loops.h"
#include "histories.h"

typedef struct {
    int64_t row; /* -1: none */
    int64_t provider, day;
    int64_t grade;
} graded_record;

typedef struct {
    const sif_records *records;
    int64_t until;
    int64_t *rows, *ended_by, *start, *end;
    int64_t n;
} spell_list;

/* The last day on which a provider is observed, or the day on which it no longer exists. */
static int64_t end_of_observation(const spell_list *list, int64_t provider) {
    const int64_t *const closed = list->records->closed;
    return closed == NULL || closed[provider] == SIF_NO_DAY || closed[provider] > list->until ? list->until : closed[provider];
}

static void end_spell(spell_list *list, int64_t day, int64_t row) {
    list->end[list->n - 1] = day;
    list->ended_by[list->n - 1] = row;
}

/* Takes in a record that has waited. `spell` is the spell that goes on, of this provider or of one before. */
static void take_in(spell_list *list, graded_record *spell, const graded_record *record) {
    if (record->row < 0)
        return;
    if (spell->row >= 0 && spell->provider == record->provider) {
        if (spell->grade == record->grade)
            return;
        end_spell(list, record->day, record->row);
    } else if (spell->row >= 0)
        end_spell(list, end_of_observation(list, spell->provider), -1);
    *spell = *record;
    list->rows[list->n] = record->row; /* n is below the number of records: each begins one spell at most */
    list->start[list->n] = record->day;
    list->n++;
}

sif_status sif_spells(const sif_records *records, const int64_t *order, const sif_codes *grades, int64_t until, int64_t *n_spells,
                      int64_t *rows, int64_t *ended_by, int64_t *start, int64_t *end, const sif_interrupt_check *interrupt) {
    spell_list list = {records, until, rows, ended_by, start, end, 0};
    graded_record spell = {.row = -1}, waiting = {.row = -1};
    int32_t grade_of[HISTORY_BLOCK];
    sif_history block;
    *n_spells = SIF_VOID;
    sif_status status =
        grades->size <= INT32_MAX ? sif_start_history(&block, records, order, NULL) : sif_fail(SIF_TOO_LARGE, -1, grades->size);
    while (status.code == SIF_OK && sif_has_more_history(&block)) {
        if (sif_read_history(&block))
            status = sif_first_fault(&block, &(sif_column){grades, SIF_BAD_GRADE}, 1);
        sif_read_codes(&block, grades, grade_of);
        for (size_t i = 0; i < block.count && status.code == SIF_OK; i++) {
            const int64_t row = sif_history_row(&block, i), grade = grade_of[i];
            if (grade == SIF_NO_CODE) {
                status = sif_fail(SIF_BAD_GRADE, row, sif_code_at(grades, row));
                break;
            }
            const int64_t provider = sif_history_provider(&block, i), dated = sif_history_day(&block, i);
            const int64_t opened = records->opened != NULL ? records->opened[provider] : SIF_NO_DAY;
            const int64_t day = opened > dated ? opened : dated;
            if (grade < 0 || day > until || (records->eligible != NULL && !records->eligible[row]))
                continue;
            if (day > end_of_observation(&list, provider)) {
                status = sif_fail(SIF_BAD_SPAN, row, dated);
                break;
            }
            if (waiting.row < 0 || waiting.provider != provider || waiting.day != day)
                take_in(&list, &spell, &waiting);
            waiting = (graded_record){row, provider, day, grade};
        }
        if (status.code == SIF_OK && block.first % SIF_ROWS_PER_CHECK == 0 && sif_is_interrupted(interrupt))
            status = sif_fail(SIF_INTERRUPTED, -1, 0);
    }
    if (status.code != SIF_OK)
        return status;
    take_in(&list, &spell, &waiting);
    if (spell.row >= 0)
        end_spell(&list, end_of_observation(&list, spell.provider), -1);
    *n_spells = list.n;
    return status;
}
