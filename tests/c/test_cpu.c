/* sif_use_cpu: the best version by default, another by name, and none that is not there. */
#include "check.h"

static void the_best_is_chosen_unasked(void) {
    const char *const unasked = sif_cpu_in_use(); /* the first use */
    CHECK(sif_use_cpu(NULL) == 0 && strcmp(sif_cpu_in_use(), unasked) == 0);
}

static void the_best_is_chosen(void) {
    CHECK(sif_use_cpu(NULL) == 0);
    const char *const best = sif_cpu_in_use();
    CHECK(strcmp(best, "") != 0);
    CHECK(sif_use_cpu("baseline") == 0);
    CHECK(sif_use_cpu(best) == 0 && strcmp(sif_cpu_in_use(), best) == 0);
}

static void each_version_says_its_name(void) {
    int found = 0;
    EACH_VERSION {
        CHECK(strcmp(sif_cpu_in_use(), versions[v]) == 0);
        found++;
    }
    CHECK(found >= 1);
}

static void what_is_not_there_changes_nothing(void) {
    CHECK(sif_use_cpu("baseline") == 0);
    static const char *const unknown[] = {"", "base", "baseline ", "Baseline", "avx", "avx5122"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        CHECK(sif_use_cpu(unknown[i]) == -1);
        CHECK(strcmp(sif_cpu_in_use(), "baseline") == 0);
    }
}

static void the_library_says_its_version(void) {
    CHECK(strcmp(sif_version(), SIF_VERSION) == 0);
}

/* What no test here can try, so that a report of CI says it. */
static void say_what_is_not_run(void) {
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++)
        if (sif_use_cpu(versions[v]) != 0)
            printf("hot loops of %s are not run here; ", versions[v]);
}

int main(void) {
    RUN(the_best_is_chosen_unasked);
    RUN(the_best_is_chosen);
    RUN(each_version_says_its_name);
    RUN(what_is_not_there_changes_nothing);
    RUN(the_library_says_its_version);
    say_what_is_not_run();
    return report();
}
