/* Memory of many megabytes, in large pages where the system has them. */
#if defined(__linux__)
#define _DEFAULT_SOURCE 1 /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the C library asks for this name */
#include <sys/mman.h>
#endif
#include <stdint.h>
#include <stdlib.h>

#include "ordering.h"

/* Writing to many places at once takes a page's address each time. With pages of 2 MB these addresses stay at hand, and far fewer pages
 * have to be brought in (measured: an eighth of the time of an unordered grid). Only the whole large pages within the block are asked
 * for. The wish for them would stay with memory that malloc later gives to others. So such memory is taken from the system and given
 * back to it. This is done only from the size on for which malloc itself asks the system each time: to bring pages in anew takes longer
 * than to use those at hand. */
#if defined(__linux__) && defined(MADV_HUGEPAGE) && defined(MAP_ANONYMOUS)
enum { PAGE = 1 << 21, LARGE = 16 * PAGE };

static int is_large(size_t bytes) {
    return bytes >= LARGE;
}

static void *map_pages(size_t bytes) {
    void *const memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) /* one way: memory is there */
        return NULL;          /* not reached: memory is there */
    const size_t before = ((uintptr_t)PAGE - (uintptr_t)memory % PAGE) % PAGE, whole = (bytes - before) / PAGE * PAGE; /* before < PAGE */
    (void)madvise((char *)memory + before, whole, MADV_HUGEPAGE); /* a wish: what it answers does not matter */
    return memory;
}

void *sif_allocate_large(size_t bytes) {
    return is_large(bytes) ? map_pages(bytes) : malloc(bytes);
}

void *sif_allocate_zeros(size_t bytes) {
    return is_large(bytes) ? map_pages(bytes) : calloc(bytes, 1); /* the system's pages are zeros */
}

void sif_free_large(void *memory, size_t bytes) {
    if (memory != NULL && is_large(bytes))
        (void)munmap(memory, bytes); /* what was mapped can be unmapped */
    else
        free(memory);
}
#else
void *sif_allocate_large(size_t bytes) {
    return malloc(bytes);
}

void *sif_allocate_zeros(size_t bytes) {
    return calloc(bytes, 1);
}

void sif_free_large(void *memory, size_t bytes) {
    (void)bytes;
    free(memory);
}
#endif
