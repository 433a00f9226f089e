/* What holds of a kernel (KERNEL names it), on inputs made from given bytes: a libFuzzer target, or with REPLAY a test program that takes
 * the bytes from lines of a file, in hexadecimal. */
#define STRING(...) #__VA_ARGS__
/* clang-format off */
#define HEADER(KERNEL) STRING(../properties/KERNEL.h)
/* clang-format on */
#define JOIN(A, B) A##B
#define PROPERTY(KERNEL) JOIN(KERNEL, _holds)
#include HEADER(KERNEL)

static void hold_on(const uint8_t *bytes, size_t size) {
    random_state = FIRST_STATE;
    fuzz_bytes = bytes;
    fuzz_left = size;
    PROPERTY(KERNEL)();
}

#ifdef REPLAY
static void replay(char *line) {
    size_t size = 0;
    for (char *hex = line; hex[0] != '\n' && hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        const char digits[] = {hex[0], hex[1], '\0'};
        line[size++] = (char)strtoul(digits, NULL, 16);
    }
    uint8_t *const bytes = allocate((int64_t)size, 1);
    memcpy(bytes, line, size);
    checks_failed = 0;
    hold_on(bytes, size);
    if (checks_failed == 0)
        tests_passed++;
    else
        tests_failed++;
    free(bytes);
}

int main(int argc, char **argv) {
    static char line[1 << 16];
    FILE *const corpus = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (corpus == NULL) {
        fputs("replay FILE: a file of inputs in hexadecimal, a line each; of a new kernel make fuzz-runs KERNELS=... writes it\n", stderr);
        return 2;
    }
    while (fgets(line, sizeof line, corpus) != NULL)
        replay(line);
    fclose(corpus);
    return report();
}
#else
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    hold_on(bytes, size);
    if (checks_failed != 0)
        abort();
    return 0;
}
#endif
