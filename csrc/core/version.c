/* The version of the library that is linked. */
#include "sif.h"

const char *sif_version(void) {
    return SIF_VERSION;
}
