/* The database: how big it is, what is wrong with it, and what to do about that. */
#include <errno.h>
#include <string.h>

#include "hub/bus-deeds.h"
#include "store/database.h"

#define TABLE   "(ssxttutt)"
#define PROBLEM "(sss)"

/* One for each code of store/database.c. */
static const struct {
        const char *code, *remedy;
} remedies[] = {
        { "hours_open",
          "Hours from there on are not summed up and credited, and no ticks are dropped. The hub"
          " tries each minute: journalctl -xu dpin-hub says what hinders it." },
        { "index_invalid",
          "It takes space and answers nothing. In psql: REINDEX INDEX CONCURRENTLY NAME." },
        { "migration_missing",
          "The schema was changed by hand. Restore a backup, or ask who changed it." },
        { "partition_default",
          "Rows came when their day had no partition, and will not be dropped with it. Move them to"
          " a table of that day, then drop this one." },
        { "partition_kept",
          "It is older than RetainRawDays=. The hub drops it within a minute unless something reads"
          " it all the time: look for old transactions in pg_stat_activity." },
        { "partition_missing",
          "What comes on that day cannot be stored. The hub makes it within a minute; if not,"
          " journalctl -xu dpin-hub says why." },
        { "partition_owner",
          "The hub cannot drop it. In psql, as a superuser: ALTER TABLE NAME OWNER TO dpin." },
        { "rollup_kept",
          "It has hours older than RetainHourDays=. The hub deletes them within a minute; if not,"
          " journalctl -xu dpin-hub says why." },
        { "schema_newer",
          "A newer dpin migrated the database, which still lets this one run. Upgrade this one." },
        { "setting_unsafe",
          "What was acknowledged is lost when the server crashes. Set it to on in postgresql.conf,"
          " or with ALTER ROLE, then reload PostgreSQL." },
        { "wraparound",
          "Transactions run out unless old rows are frozen, and PostgreSQL stops then. In psql:"
          " VACUUM (FREEZE); see why autovacuum did not." },
};

static const char *remedy_of(const char *code) {
        for (size_t i = 0; i < ELEMENTSOF(remedies); i++)
                if (strcmp(remedies[i].code, code) == 0)
                        return remedies[i].remedy;
        return "";
}

/* What it holds -------------------------------------------------------------------------------- */

static int append_tables(sd_bus_message *answer, const DatabaseTable *rows, size_t n) {
        int r;

        r = sd_bus_message_append(answer, "ut", n > 0 ? rows->schema : UINT32_C(0),
                                  n > 0 ? rows->database_bytes : UINT64_C(0));
        if (r >= 0)
                r = sd_bus_message_open_container(answer, 'a', TABLE);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_message_append(answer, TABLE, rows[i].name, rows[i].level, rows[i].rows,
                                          rows[i].bytes, rows[i].index_bytes, rows[i].partitions,
                                          bus_seconds(rows[i].oldest), bus_seconds(rows[i].newest));
        return r < 0 ? r : sd_bus_message_close_container(answer);
}

static void on_tables(int r, const DatabaseTable *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r, NULL);
                return;
        }
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, append_tables(answer, rows, n));
}

void hub_bus_show_database(BusCall *c, void *userdata) {
        int r;

        r = database_tables_load(hub_manager_store(userdata), on_tables, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* What is wrong -------------------------------------------------------------------------------- */

static int append_problems(sd_bus_message *answer, const DatabaseProblem *rows, size_t n) {
        int r;

        r = sd_bus_message_open_container(answer, 'a', PROBLEM);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_message_append(answer, PROBLEM, rows[i].code, rows[i].subject,
                                          remedy_of(rows[i].code));
        return r < 0 ? r : sd_bus_message_close_container(answer);
}

static void on_problems(int r, const DatabaseProblem *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r, NULL);
                return;
        }
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, append_problems(answer, rows, n));
}

void hub_bus_verify_database(BusCall *c, void *userdata) {
        const Retention retention = hub_manager_retention(userdata);
        int r;

        r = database_problems_load(hub_manager_store(userdata), &retention, on_problems, c,
                                   bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}
