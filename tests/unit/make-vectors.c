/* Prints tests/integration/vectors.json. Run it by hand when the wire changes by intent;
 * test-wire-frame notices when it changed otherwise. */
#include "wire-vectors-all.h"

int main(void) {
        vectors_write(stdout);
        return fflush(stdout) == 0 ? 0 : 1;
}
