"""How PostgreSQL answers the store's statements: none reads a large table from end to end. Each statement that has to
do with one is executed and rolled back, and the plans of it and of every function it calls are looked at: as planned
for these values and as planned once for all values. Where a table is small PostgreSQL may rightly read all of it, so
once more with sequential scans forbidden: what still has one then has no index to go by."""

import contextlib
import json
import re
import subprocess

import psycopg2

from process import Failure

LARGE = re.compile(r"website_tick|(tick_page|tick_batch)(_\d{8})?|rollup_\w+|verdict_span|incident|incident_event"
                   r"|event")
FUNCTIONS = re.compile(r"\b(hour_due|hour_finish|operator_look|partitions_keep|retention_step|website_recent"
                       r"|website_uptimes|span_us|incident_(acknowledge|assign|note|report|resolve))\(")
# Functions that become part of who asks.
PART_OF_STATEMENTS = ("tick_spans_since", "website_recent", "website_ticks", "website_uptimes")
SMALL = 64  # pages: reading them all is as good

# Arguments of every statement that has to do with a large table. {site}, {organisation}, {order}, {validator},
# {batch}, {sequence} and {commit} are of the newest there are, {incident} is any, {hour} ends a day.
ARGUMENTS = {
    "alert_page": "{organisation}, NULL, NULL, NULL, '{incident}', 50",
    "closing_finish": "'{hour}', array[{validator}], array[1], 1",
    "closing_hour": "now(), 0",
    "closing_pages": "date_trunc('hour', now()), {website}, {website} + 20",
    "closing_put": "date_trunc('hour', now()), json_build_array(json_build_object('website', 1, 'up', 0, 'down', 0,"
                   " 'abstain', 0, 'classes', '{{}}'::json, 'histogram', '[]'::json, 'sums', '[]'::json,"
                   " 'maxima', '[]'::json, 'up_us', 0, 'down_us', 0, 'quarters', '', 'validators', '[]'::json))",
    "closing_put_validators": "now(), array[{website}], array[{validator}], array[1], array[1]",
    "closing_spans": "date_trunc('hour', now()), {website}, {website} + 20",
    "database_problems": "now(), 7, 90, 99",
    "database_tables": "",
    "event_after": "{commit} - 100, 100",
    "event_insert": "{commit} + 1, 9999, {organisation}, 'x', '{{}}'",
    "event_prune": "",
    "feed_batches": "{commit} - 4, {commit}, 100",
    "hub_state_get": "",
    "incident_acknowledge": "{organisation}, '{incident}', 'x'",
    "incident_assign": "{organisation}, '{incident}', 'x', 'a@example.org'",
    "incident_current": "",
    "incident_deeds": "100, 50",
    "incident_end": "'{incident}', 'closed', now(), '{{}}', now()",
    "incident_event_put": "'{incident}', 'flapping', now(), '{{}}'",
    "incident_move": "'{incident}', 'eased', now(), '{{}}', 'x', 'partial', 'x', array['eu'], now()",
    "incident_note": "{organisation}, '{incident}', 'x', 'text'",
    "incident_one": "'{incident}'",
    "incident_page": "{organisation}, 'ffffffff-ffff-ffff-ffff-ffffffffffff', 50, '{site}'",
    "incident_put": "gen_random_uuid(), {website}, 'down', 'x', now(), now(), '{{}}', 'down', 'x', array['eu'], now()",
    "incident_report": "{organisation}, gen_random_uuid(), '{site}', 'title', 'text', 'x'",
    "incident_resolve": "{organisation}, '{incident}', 'x'",
    "incident_some": "true, 'ffffffff-ffff-ffff-ffff-ffffffffffff', 50",
    "incident_story": "'{incident}', 0, 50",
    "incident_whole": "{organisation}, '{incident}', 0, 50",
    "operator_look": "now(), 1, 1, 1",
    "page_batches": "{commit} - 4, {commit}, 100",
    "rollup_forget": "now(), 7, 90, 100",
    "rollup_partitions_keep": "now(), 7, 90",
    "tick_batch_find": "{validator}, 1, {sequence}",
    "tick_batches_put": "array[{batch} + 1], array[{validator}], array[1], array[{sequence} + 1],"
                        " array['\\x00'::bytea], array['\\x00'::bytea], array[1], array['\\x00'::bytea],"
                        " array[now()], array[now()], array[{commit}], array[false], array['\\x00'::bytea]",
    "tick_batch_arrivals": "array[{batch}], now() - interval '1 hour'",
    "tick_page_identities": "{validator}, array[{order}], array[now() - interval '1 hour'], array[now()],"
                            " now() - interval '1 hour', now()",
    "tick_page_identities_all": "now() - interval '2 minutes', now() + interval '2 minutes'",
    "tick_page_recent": "array[{website}], array[now() - interval '2 minutes'], now() - interval '2 minutes',"
                        " now() + interval '2 minutes'",
    "verdict_now": "{organisation}, '{site}', '{{none}}'",
    "verdict_page": "{organisation}, '{site}', 100, NULL, 0",
    "verdict_span_close": "{website}, now()",
    "verdict_span_current": "",
    "verdict_span_open": "{website}, 'UP', 'full', 'x', now() + interval '1 second', now(), 4, '[]', {commit},"
                         " '[]', 0, NULL, '[]'",
    "verdict_then": "{organisation}, '{site}', now()",
    "website_day": "{organisation}, '{site}'",
    "website_latency": "{organisation}, '{site}', 10080, 60",
    "website_page": "{organisation}, '00000000-0000-0000-0000-000000000000', 50",
    "website_status": "{organisation}, '{site}'",
}
BEFORE = {
    "closing_finish": "DELETE FROM closed_hour WHERE hour >= '{hour}'",
    "rollup_forget": "INSERT INTO organisation_retention VALUES ({organisation}, 1, 1);"
                     " INSERT INTO closed_hour VALUES (date_trunc('hour', now())) ON CONFLICT DO NOTHING",
    "verdict_span_open": "UPDATE verdict_span SET ended_at = now() WHERE website_id = {website} AND ended_at IS NULL",
}


def statements(program):
    """{name: SQL} of those that have to do with a large table."""
    every = json.loads(subprocess.run([program], capture_output=True, text=True, check=True).stdout)
    found = {name: sql for name, sql in every.items()
             if FUNCTIONS.search(sql) or any(LARGE.fullmatch(word) for word in re.findall(r"\w+", sql))}
    if set(found) != set(ARGUMENTS):
        raise Failure(f"plans.py and the store do not have the same statements: {set(found) ^ set(ARGUMENTS)}")
    return found


class Notices:
    """What psycopg2 appends its notices to, and all of them."""

    def __init__(self):
        self.plans = []

    def append(self, text):
        if " plan:" in text:
            self.plans.append(json.loads(text[text.index("{"):]))


class Plans:
    def __init__(self, url, program):
        self.statements = statements(program)
        self.url, self.pages, self.sizes = url, {}, {}

    def faults(self):
        """Sentences; none, if all is well. The pages that each statement touched are in `pages`."""
        found = []
        with contextlib.closing(psycopg2.connect(self.url)) as connection:
            connection.notices = Notices()
            with connection.cursor() as cursor:
                self.prepare(cursor)
                connection.commit()
                for allowed in ("on", "off"):
                    for mode in ("custom", "generic"):
                        for name in sorted(self.statements):
                            plans = self.run(connection, cursor, name, allowed, mode)
                            found += self.judge(name, mode, plans, SMALL if allowed == "on" else -1)
        return sorted(set(found))

    def prepare(self, cursor):
        cursor.execute("""LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;
            SET auto_explain.log_timing = off; SET auto_explain.log_buffers = on; SET auto_explain.log_format = json;
            SET auto_explain.log_nested_statements = on; SET auto_explain.log_level = notice;
            SET client_min_messages = notice; SET statement_timeout = '300s'""")
        cursor.execute("""SELECT (SELECT public_id FROM website WHERE id = o.website_id), o.website_id, organisation_id,
            o.id, o.validator_id, (SELECT max(id) FROM tick_batch), last_seq, commit_no,
            coalesce((SELECT public_id FROM incident ORDER BY id LIMIT 1), gen_random_uuid()),
            coalesce((SELECT max(hour) FROM closed_hour WHERE extract(hour FROM hour AT TIME ZONE 'UTC') = 23),
                     date_trunc('hour', now()))
            FROM work_order o JOIN website w ON w.id = o.website_id JOIN validator_stream USING (validator_id),
            hub_state WHERE o.removed_at IS NULL ORDER BY o.id LIMIT 1""")
        self.values = dict(zip(("site", "website", "organisation", "order", "validator", "batch", "sequence", "commit",
                                "incident", "hour"),
                               cursor.fetchone()))
        cursor.execute("SELECT relname, pg_relation_size(oid) / 8192 FROM pg_class WHERE relkind = 'r'")
        self.sizes = dict(cursor.fetchall())

    def run(self, connection, cursor, name, allowed, mode):
        """The plans of one execution, of which nothing stays."""
        cursor.execute(f"SET LOCAL enable_seqscan = {allowed}; SET LOCAL plan_cache_mode = force_{mode}_plan")
        cursor.execute(f"PREPARE x AS {self.statements[name]}")
        if name in BEFORE:
            cursor.execute(BEFORE[name].format(**self.values))
        arguments = ARGUMENTS[name].format(**self.values)
        connection.notices.plans = []
        cursor.execute(f"EXECUTE x ({arguments})" if arguments else "EXECUTE x")
        plans = connection.notices.plans
        connection.rollback()
        cursor.execute("DEALLOCATE ALL; DISCARD PLANS")
        if not plans:
            raise Failure(f"auto_explain said nothing of {name}")
        if allowed == "on":
            top = plans[-1]["Plan"]
            self.pages[name] = max(self.pages.get(name, 0), top["Shared Hit Blocks"] + top["Shared Read Blocks"])
        return plans

    def judge(self, name, mode, plans, small):
        for node in (node for plan in plans for node in nodes(plan["Plan"])):
            relation = node.get("Relation Name", "")
            if node["Node Type"] == "Seq Scan" and LARGE.fullmatch(relation) and self.sizes.get(relation, 0) > small:
                where = "" if small >= 0 else ", which no index of it serves"
                yield f"{name} ({mode} plan) reads all of {re.sub(r'[0-9]{8}', 'DAY', relation)}{where}"
            if relation.startswith("tick_page") and is_wide(node.get("Index Cond", "")):
                yield f"{name} ({mode} plan) looks for a website through the entries of all, of more than one span"
            if node.get("Function Name") in PART_OF_STATEMENTS:
                yield f"{name} ({mode} plan) calls {node['Function Name']}(), which is planned anew each time"


def is_wide(condition):
    """Of the index of pages by span and website: a website, and no one span."""
    return "website_id" in condition and "(span = " not in condition


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)
