/* sif_encode_text where tables are small, far and crowded from the beginning. */
#include "properties/encode_text.h"

int main(void) {
    REPEAT(1000, encode_text_holds);
    return report();
}
