/* sif_encode_text where tables are small, far and crowded from the beginning. */
#include "properties/encode_text.h"

int main(void) {
    EACH_VERSION REPEAT(1000, encode_text_holds);
    return report();
}
