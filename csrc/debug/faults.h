/* Put before every file of a build with OFSTED_SIF_FAULTS=1: memory comes from allocators that count, and fail when they are told to. */
#ifndef SIF_FAULTS_H
#define SIF_FAULTS_H

#include <stddef.h> /* and no other: Python.h decides what the system's headers show */

void *sif_faults_malloc(size_t size);
void *sif_faults_calloc(size_t n, size_t size);
void *sif_faults_realloc(void *memory, size_t size);
void *sif_faults_aligned_alloc(size_t alignment, size_t size);
void sif_faults_free(void *memory);

#define malloc(size) sif_faults_malloc(size)
#define calloc(n, size) sif_faults_calloc(n, size)
#define realloc(memory, size) sif_faults_realloc(memory, size)
#define aligned_alloc(alignment, size) sif_faults_aligned_alloc(alignment, size)
#define free(memory) sif_faults_free(memory)

#endif
