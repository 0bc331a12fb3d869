/* Validators work for all organisations, so everybody who may read sees all of them. */
#include "api/validators.h"

#include "store/validators.h"

void validators_list(ApiCall *c) {
        call_started(c, validators_json(call_views(c), call_answer, c, &c->open));
}
