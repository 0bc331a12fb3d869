/* Catalogs and ends of indexes: no table is read through. */
#include "store/database.h"

#include <errno.h>

#include "store/read.h"

/* Batches have the ends of what came first and last. The oldest ticks are in the first block of a
 * partition; the newest came with the newest batch that has any. */
static const PqStatement database_tables = {
        .name = "database_tables",
        .sql = "WITH root AS (SELECT coalesce(i.inhparent, c.oid) AS oid, count(i.inhparent) AS n,"
               "    sum(nullif(c.reltuples, -1)) FILTER (WHERE c.relkind = 'r')::bigint AS rows,"
               "    sum(pg_table_size(c.oid))::bigint AS bytes,"
               "    sum(pg_indexes_size(c.oid))::bigint AS index_bytes"
               "   FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"
               "   WHERE c.relkind IN ('r', 'p') AND c.relnamespace ="
               "     (SELECT relnamespace FROM pg_class WHERE oid = 'tick_page'::regclass)"
               "   GROUP BY 1),"
               " known (name, place, level, oldest, newest) AS (VALUES"
               "  ('tick_page', 1, 'raw',"
               "   (SELECT min(span) FROM tick_page WHERE ctid < '(1,0)'),"
               "   (SELECT arrived_at FROM tick_batch WHERE count > 0 ORDER BY id DESC LIMIT 1)),"
               "  ('tick_batch', 2, 'evidence',"
               "   (SELECT arrived_at FROM tick_batch ORDER BY id LIMIT 1),"
               "   (SELECT arrived_at FROM tick_batch ORDER BY id DESC LIMIT 1)),"
               "  ('rollup_hour', 3, 'hour', (SELECT min(hour) FROM rollup_hour),"
               "   (SELECT max(hour) FROM rollup_hour)),"
               "  ('rollup_validator_hour', 3, 'hour',"
               "   (SELECT min(hour) FROM rollup_validator_hour),"
               "   (SELECT max(hour) FROM rollup_validator_hour)),"
               "  ('rollup_day', 4, 'day', NULL, NULL),"
               "  ('verdict_span', 5, 'history',"
               "   (SELECT started_at FROM verdict_span ORDER BY id LIMIT 1),"
               "   (SELECT started_at FROM verdict_span ORDER BY id DESC LIMIT 1)),"
               "  ('incident', 5, 'history', NULL, NULL), ('incident_event', 5, 'history', NULL,"
               "    NULL),"
               "  ('event', 5, 'history', (SELECT min(at) FROM event),"
               "   (SELECT max(at) FROM event)),"
               "  ('ledger_entry', 6, 'books',"
               "   (SELECT hour FROM ledger_entry ORDER BY id LIMIT 1),"
               "   (SELECT hour FROM ledger_entry ORDER BY id DESC LIMIT 1)))"
               " SELECT c.relname, coalesce(k.level, 'rest'), coalesce(r.rows, -1), r.bytes,"
               "   r.index_bytes, r.n, (extract(epoch FROM k.oldest) * 1e6)::bigint,"
               "   (extract(epoch FROM k.newest) * 1e6)::bigint,"
               "   (SELECT max(version) FROM schema_migration), "
               "pg_database_size(current_database())"
               " FROM root r JOIN pg_class c ON c.oid = r.oid LEFT JOIN known k"
               "   ON k.name = c.relname"
               " ORDER BY coalesce(k.place, 9), r.bytes + r.index_bytes DESC, c.relname",
        .n_params = 0,
};

/* $1: now, $2 and $3: days that ticks and hours are kept, unless an organisation keeps them for
 * longer, $4: the newest schema that is known. At
 * midnight and at the full hour there is a while until the hub has seen to it. */
static const PqStatement database_problems = {
        .name = "database_problems",
        .sql = "WITH today AS (SELECT ($1::timestamptz AT TIME ZONE 'UTC')::date AS day,"
               "    (SELECT max(hour) FROM closed_hour) AS closed,"
               "    (SELECT max(days_raw) FROM organisation_retention) AS raw,"
               "    (SELECT max(days_hour) FROM organisation_retention) AS hour),"
               " part AS (SELECT p.relname AS parent, c.relname AS name, c.oid,"
               "    c.relowner <> p.relowner AS other,"
               "    pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT' AS fallback,"
               "    CASE WHEN c.relname ~ '_[0-9]{8}$'"
               "      THEN to_date(right(c.relname, 8), 'YYYYMMDD') END AS day"
               "   FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
               "   JOIN pg_class p ON p.oid = i.inhparent"
               "   WHERE i.inhparent IN ('tick_page'::regclass, 'tick_batch'::regclass)"
               "     AND c.relkind = 'r'),"
               " found (place, code, subject) AS ("
               "  SELECT 1, 'partition_missing', whole || to_char(d, '_YYYYMMDD')"
               "   FROM today, unnest('{tick_page,tick_batch}'::text[]) AS whole,"
               "     generate_series(day, day + 2, interval '1 day') AS d"
               "   WHERE NOT EXISTS (SELECT FROM part WHERE parent = whole AND part.day = d::date)"
               "  UNION ALL SELECT 2, 'partition_kept', name FROM part, today"
               "   WHERE part.day < least(today.day - greatest($2::integer, raw) - 1,"
               "     coalesce((closed AT TIME ZONE 'UTC')::date, '-infinity'))"
               "  UNION ALL SELECT 3, 'partition_default', name FROM part"
               "   WHERE fallback AND pg_relation_size(oid) > 0"
               "  UNION ALL SELECT 4, 'partition_owner', name FROM part WHERE other"
               "  UNION ALL SELECT 5, 'hours_open', rfc3339(closed + interval '1 hour') FROM today"
               "   WHERE closed < date_trunc('hour', $1::timestamptz) - interval '3 hours'"
               "  UNION ALL SELECT 6, 'rollup_kept', 'rollup_hour' FROM today"
               "   WHERE (SELECT min(hour) FROM rollup_hour)"
               "     < $1::timestamptz - (greatest($3::integer, today.hour) + 1) * interval '1 day'"
               "  UNION ALL SELECT 7, 'schema_newer', max(version)::text FROM schema_migration"
               "   HAVING max(version) > $4"
               "  UNION ALL SELECT 8, 'migration_missing', n::text"
               "   FROM generate_series(1, (SELECT max(version) FROM schema_migration)) AS n"
               "   WHERE NOT EXISTS (SELECT FROM schema_migration WHERE version = n)"
               "  UNION ALL SELECT 9, 'index_invalid', c.relname FROM pg_index i"
               "   JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid"
               "   WHERE NOT i.indisvalid AND t.relnamespace ="
               "     (SELECT relnamespace FROM pg_class WHERE oid = 'tick_page'::regclass)"
               "  UNION ALL SELECT 10, 'setting_unsafe', name FROM pg_settings"
               "   WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
               "     AND setting = 'off'"
               "  UNION ALL SELECT 11, 'wraparound', datname FROM pg_database"
               "   WHERE datname = current_database() AND age(datfrozenxid) > 1000000000)"
               " SELECT code, subject FROM found ORDER BY place, subject",
        .n_params = 4,
};

const PqStatement *const database_statements[] = { &database_tables, &database_problems, NULL };

static int read_table(const PqResult *result, size_t i, void *ret) {
        *(DatabaseTable *)ret = (DatabaseTable){
                .name = pq_get_text(result, i, 0),
                .level = pq_get_text(result, i, 1),
                .rows = pq_get_int(result, i, 2),
                .bytes = (uint64_t)pq_get_int(result, i, 3),
                .index_bytes = (uint64_t)pq_get_int(result, i, 4),
                .partitions = (uint32_t)pq_get_int(result, i, 5),
                .oldest = pq_get_time(result, i, 6),
                .newest = pq_get_time(result, i, 7),
                .schema = (uint32_t)pq_get_int(result, i, 8),
                .database_bytes = (uint64_t)pq_get_int(result, i, 9),
        };
        return 0;
}

static int read_problem(const PqResult *result, size_t i, void *ret) {
        *(DatabaseProblem *)ret = (DatabaseProblem){
                .code = pq_get_text(result, i, 0),
                .subject = pq_get_text(result, i, 1),
        };
        return 0;
}

STORE_READER(table_reader, DatabaseTable, DatabaseTables, read_table, NULL);
STORE_READER(problem_reader, DatabaseProblem, DatabaseProblems, read_problem, NULL);

int database_tables_load(Store *s, DatabaseTables callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&database_tables), &table_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

int database_problems_load(Store *s, const Retention *retention, DatabaseProblems callback,
                           void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&database_problems);

        if (!t)
                return -ENOMEM;
        pq_time(t, retention->now);
        pq_int(t, retention->days_raw);
        pq_int(t, retention->days_hour);
        pq_int(t, STORE_SCHEMA_VERSION);
        return store_read(s, t, &problem_reader, STORE_ANSWER(callback, userdata, ret));
}
