"""What may not stand in the sources: calls, words, SQL away from home, undocumented headers."""
import re

from source import Finding, literals

BANNED = {
    "strcpy": "use memcpy with a known length, or strdup",
    "strcat": "use asprintf or an own buffer with its length",
    "sprintf": "use snprintf or asprintf",
    "vsprintf": "use vsnprintf or vasprintf",
    "strtok": "walk with strcspn",
    "atoi": "use strtol and check its end",
    "atol": "use strtol and check its end",
    "system": "use posix_spawn",
    "sleep": "use a timer on the loop",
    "usleep": "use a timer on the loop",
    "rand": "use randombytes_buf",
    "alloca": "use the heap and _cleanup_free_",
    "gettimeofday": "use base/time.h",
    "PQexec": "use event/pq.h",
    "curl_easy_perform": "use event/http.h",
}
CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
GOTO = re.compile(r"\bgoto\b")


def banned_call(tree):
    for path in tree.c_files():
        for number, line in enumerate(tree.code(path).split("\n"), 1):
            for match in CALL.finditer(line):
                yield Finding(path, number, f"{match[1]}() is banned: {BANNED[match[1]]}")
            if GOTO.search(line):
                yield Finding(path, number, "goto is banned: use _cleanup_ or a function")


SQL = re.compile(r"^\s*(?:SELECT\s|INSERT INTO\s|UPDATE\s+\w+\s+SET\b|DELETE FROM\s|WITH\s+\w+\s+AS\s*\(|MERGE INTO\s|"
                 r"(?:CREATE|ALTER|DROP)\s+(?:TABLE|INDEX|UNIQUE|SCHEMA|ROLE|VIEW|FUNCTION)\b|PRAGMA\s|COPY\s+\w+|"
                 r"TRUNCATE\s|BEGIN\b|COMMIT\b|ROLLBACK\b)")
# What a connection needs to know of itself, and the two ends of a transaction.
SESSION = re.compile(r"\s*SELECT set_config\(|(BEGIN; |COMMIT|ROLLBACK)$")
SQL_HOME = re.compile(r"src/(store/[\w-]+|validator/spool(-\w+)*)\.[ch]")


def sql_home(tree):
    for path in tree.c_files("src/"):
        if SQL_HOME.fullmatch(path):
            continue
        for line, literal in literals(tree.uncommented(path)):
            if SQL.match(literal) and not (SESSION.match(literal) and path.startswith("src/event/pq")):
                yield Finding(path, line, "SQL text lives in src/store (the spool's in validator/spool.c)")


HEADER = re.compile(r"/\*(?P<purpose>.*?)\*/\s*#pragma once\n", re.S)


def header_head(tree):
    for path in tree.paths(".h", under="src/"):
        match = HEADER.match(tree.text(path))
        if not match:
            yield Finding(path, 1, "begin with a comment that says what the header is for, then #pragma once")
        elif len(match["purpose"].split()) < 5 or "." not in match["purpose"]:
            yield Finding(path, 1, "say the purpose of the header in a whole sentence")


WORDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")


def open_ends(tree):
    for path in tree.paths():
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            match = WORDS.search(line)
            if match and path != "LICENSE":
                yield Finding(path, number, f"{match[1]}: do it now, or open an issue and leave nothing here")


MACHINE = re.compile(r"(^|[^A-Za-z0-9_.$}])/(wo" r"rk|fa" r"rm)/")


def machine_path(tree):
    for path in tree.paths():
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if MACHINE.search(line):
                yield Finding(path, number, "a path of one machine: make it relative, or an option")


NAMES = re.compile(r"(^|[-_])(utils?|misc|helpers?|common|stuff)([-_.]|$)")


def empty_name(tree):
    for path in tree.paths(".c", ".h", ".py", ".ts", ".tsx", ".mjs", ".sh"):
        if NAMES.search(path.rpartition("/")[2]):
            yield Finding(path, 1, "name the file after the noun it is about")


RULES = [banned_call, sql_home, header_head, open_ends, machine_path, empty_name]
