/* From libpq's text and SQLSTATEs to values and errno. A PqResult is a PGresult under another name.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/encode.h"
#include "event/pq-internal.h"

static const struct {
        const char *prefix; /* the first that fits counts */
        int error;
} sqlstates[] = {
        { "DP001", -ESTALE }, /* sql/: an expectation of dpin's own functions failed */
        { "DP003", -EDOM },   /* sql/: refused; the text is a sentence for whoever asked */
        { "23503", -ENOENT }, /* foreign_key_violation */
        { "23505", -EEXIST }, /* unique_violation */
        { "23", -EINVAL },    /* integrity constraint violation */
        { "22", -EINVAL },    /* data exception */
        { "42501", -EPERM },  /* insufficient_privilege */
        { "40001", -EAGAIN }, /* serialization_failure */
        { "40P01", -EAGAIN }, /* deadlock_detected */
};

int pq_error_of(const char *sqlstate) {
        for (size_t i = 0; sqlstate && i < ELEMENTSOF(sqlstates); i++)
                if (strncmp(sqlstate, sqlstates[i].prefix, strlen(sqlstates[i].prefix)) == 0)
                        return sqlstates[i].error;
        return -EIO;
}

static const PGresult *native(const PqResult *r) {
        return (const PGresult *)r;
}

size_t pq_rows(const PqResult *r) {
        return (size_t)PQntuples(native(r));
}

int64_t pq_changed(const PqResult *r) {
        return strtoll(PQcmdTuples((PGresult *)r), NULL, 10);
}

bool pq_is_null(const PqResult *r, size_t row, int column) {
        assert(row < pq_rows(r));
        assert(column >= 0 && column < PQnfields(native(r)));
        return PQgetisnull(native(r), (int)row, column);
}

const char *pq_get_text(const PqResult *r, size_t row, int column) {
        assert(row < pq_rows(r));
        assert(column >= 0 && column < PQnfields(native(r)));
        return PQgetvalue(native(r), (int)row, column);
}

int64_t pq_get_int(const PqResult *r, size_t row, int column) {
        return strtoll(pq_get_text(r, row, column), NULL, 10);
}

double pq_get_real(const PqResult *r, size_t row, int column) {
        return strtod(pq_get_text(r, row, column), NULL);
}

bool pq_get_bool(const PqResult *r, size_t row, int column) {
        return pq_get_text(r, row, column)[0] == 't';
}

usec_t pq_get_time(const PqResult *r, size_t row, int column) {
        if (pq_is_null(r, row, column))
                return USEC_INFINITY;
        return (usec_t)pq_get_int(r, row, column);
}

int pq_get_uuid(const PqResult *r, size_t row, int column, Uuid *ret) {
        return uuid_parse(pq_get_text(r, row, column), ret);
}

/* bytea_output is hex, set at connect: "\x" and the digits. NULL reads as no bytes. */
static const char *hex_digits(const PqResult *r, size_t row, int column) {
        const char *text = pq_get_text(r, row, column);

        return text[0] == '\\' && text[1] == 'x' ? text + 2 : "";
}

int pq_get_bytes(const PqResult *r, size_t row, int column, void *ret, size_t size) {
        return hex_decode(hex_digits(r, row, column), ret, size);
}

int pq_get_blob(const PqResult *r, size_t row, int column, uint8_t **ret, size_t *ret_n) {
        const char *digits = hex_digits(r, row, column);
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t size = strlen(digits) / 2;
        int n;

        bytes = malloc(size + 1);
        if (!bytes)
                return -ENOMEM;
        n = hex_decode(digits, bytes, size);
        if (n < 0)
                return n;
        *ret = TAKE_PTR(bytes);
        *ret_n = (size_t)n;
        return 0;
}

/* Binary --------------------------------------------------------------------------------------- */

const uint8_t *pq_raw_bytes(const PqResult *r, size_t row, int column, size_t *ret_n) {
        const char *bytes = pq_get_text(r, row, column);

        assert(PQfformat(native(r), column) == 1);
        *ret_n = (size_t)PQgetlength(native(r), (int)row, column);
        return (const uint8_t *)bytes;
}

int64_t pq_raw_int(const PqResult *r, size_t row, int column) {
        size_t n;
        const uint8_t *bytes = pq_raw_bytes(r, row, column, &n);
        uint64_t v = n > 0 && bytes[0] & 0x80 ? UINT64_MAX : 0;

        assert(n <= sizeof(v));
        for (size_t i = 0; i < n; i++)
                v = v << 8 | bytes[i];
        return (int64_t)v;
}

usec_t pq_raw_time(const PqResult *r, size_t row, int column) {
        return (usec_t)(pq_raw_int(r, row, column) + PQ_EPOCH);
}
