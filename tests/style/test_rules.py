"""The rules themselves: each finds the bad snippet at its line and leaves the good one alone.

A snippet is {path: text}; the line that a rule must name carries the word BAD, in the text or in a comment.
"""
import os
import subprocess
import tempfile
import unittest

import rules_format
import rules_include
import rules_repo
import rules_size
import rules_symbol
import rules_text
from source import (ObjectFile, Tree, blank, find_functions, listed_files, literals, module_of, parse_objdump,
                    read_text)

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
HEAD = "/* What this header is for, in a sentence. */\n#pragma once\n"


def indent(level):
    return " " * 8 * level


NESTED = "int f(int a) {\n" + "".join(
    f"{indent(n)}if (a > {n}) {{{' /* BAD */' if n == 4 else ''}\n" for n in range(1, 5)
) + indent(5) + "a++;\n" + "".join(indent(n) + "}\n" for n in (4, 3, 2, 1)) + "}\n"

BAD = {
    rules_size.columns: [
        {"src/a/x.c": "int a; /* BAD" + "x" * 90 + " */\n"},
        {"tests/x.py": "# BAD" + "x" * 120 + "\n"},
    ],
    rules_size.file_length: [
        {"src/base/x.c": "\n" * 600 + "int x; // BAD\n"},
        {"src/base/x.h": "\n" * 120 + "int x; // BAD\n"},
    ],
    rules_size.function_length: [
        {"src/base/x.c": "static int f(void) { // BAD\n" + "        g();\n" * 59 + "}\n"},
        {"src/base/x.c": "struct A { int a; };\n\nint f(int (*g)(int),\n// BAD is one line up\n"
                         "      int b) {\n" + "        g();\n" * 60 + "}\n"},
    ],
    rules_size.parameters: [
        {"src/base/x.c": "int f(int a, int b, int (*c)(int, int), int d, int e, int f) { // BAD\n}\n"},
    ],
    rules_size.nesting: [{"src/base/x.c": NESTED}],
    rules_include.layers: [
        {"src/base/x.c": '#include "wire/frame.h" // BAD\n'},
        {"src/validator/x.c": '#include "store/store.h" // BAD\n'},
        {"src/hub/x.c": '#include "base/macro.h"\n#include "api/server.h" // BAD\n'},
    ],
    rules_include.folder: [
        {"src/hub/x.c": '#include "votes.h" // BAD\n', "src/hub/votes.h": HEAD},
    ],
    rules_include.include_order: [
        {"src/hub/x.c": "#include <stdio.h>\n#include <errno.h> // BAD\n"},
        {"src/hub/x.c": "#include <errno.h>\n#include <errno.h> // BAD\n"},
        {"src/hub/x.c": '#include <errno.h>\n#include "base/macro.h" // BAD\n'},
    ],
    rules_include.library_home: [
        {"src/hub/x.c": "#include <json-c/json.h> // BAD\n"},
        {"src/event/httpd.c": "#include <curl/curl.h> // BAD\n"},
        {"src/event/http.c": "#include <microhttpd.h> // BAD\n"},
        {"src/store/store.c": "#include <libpq-fe.h> // BAD\n"},
        {"src/hub/manager.c": "#include <systemd/sd-bus.h> // BAD\n"},
        {"src/hub/ws.c": "#include <libwebsockets.h> // BAD\n"},
    ],
    rules_include.include_cycle: [
        {"src/hub/a.c": '#include "hub/b.h" // BAD\n', "src/hub/a.h": HEAD,
         "src/hub/b.c": '#include "hub/a.h"\n', "src/hub/b.h": HEAD},
    ],
    rules_text.banned_call: [
        {"src/hub/x.c": "void f(char *a) {\n        strcpy(a, \"x\"); // BAD\n}\n"},
        {"src/hub/x.c": "int x = atoi (a); // BAD\n"},
        {"src/hub/x.c": "void f(void) {\n        goto out; // BAD\nout:\n}\n"},
        {"tests/unit/x.c": "void f(void) {\n        sleep(1); // BAD\n}\n"},
    ],
    rules_text.sql_home: [
        {"src/hub/x.c": 'const char *q = "SELECT id FROM website"; // BAD\n'},
        {"src/hub/x.c": 'const char *q = "COMMIT"; // BAD\n'},
        {"src/event/pq.c": 'const char *q = // BAD is one line down\n        "INSERT "\n        "INTO a";\n'},
    ],
    rules_text.header_head: [
        {"src/hub/x.h": "#pragma once // BAD\n"},
        {"src/hub/x.h": "/* BAD. */\n#pragma once\n"},
        {"src/hub/x.h": "/* BAD: a whole sentence stands here. */\n#ifndef X\n#define X\n#endif\n"},
    ],
    rules_text.open_ends: [{"src/hub/x.c": "/* TO" "DO: BAD */\n"}, {"tests/x.py": "# FIX" "ME BAD\n"}],
    rules_text.machine_path: [{"tests/x.py": "open('/wo" "rk/x') # BAD\n"}],
    rules_text.empty_name: [{"src/hub/string-util.c": "// BAD\n"}, {"tests/integration/common.py": "# BAD\n"}],
    rules_repo.top_level: [{"notes/x.md": "BAD\n"}, {"Makefile": "# BAD\n"}],
    rules_repo.sorted_lists: [
        {"src/hub/meson.build": "hub_modules = [\n  'b',\n  'a', # BAD\n]\n"},
    ],
    rules_repo.listed_sources: [
        {"src/hub/meson.build": "hub_modules = ['b']\n", "src/hub/a.c": "// BAD\n", "src/hub/b.c": ""},
    ],
    rules_repo.module_test: [
        {"src/hub/meson.build": "hub_modules = [\n  'a', # BAD\n]\n"},
        {"src/hub/meson.build": "hub_modules = [\n]\nhub_glue = [\n  'a', # BAD\n]\n"},
        {"src/hub/meson.build": "hub_modules = [\n]\nhub_glue = [\n  'a', # BAD tests/integration/test_gone.py\n]\n"},
    ],
    rules_repo.stray_test: [
        {"src/hub/meson.build": "hub_modules = ['a']\n", "tests/unit/test-hub-b.c": "// BAD\n"},
        {"src/hub/meson.build": "hub_modules = ['a']\n", "tests/fuzz/fuzz-hub-b.c": "// BAD\n"},
        {"src/hub/meson.build": "hub_modules = ['a']\nhub_glue = ['a-b']\n", "tests/unit/test-hub-a-b.c": "// BAD\n"},
    ],
    rules_repo.lock_file: [{"src/dashboard/package-lock.json": '{\n"resolved": "BAD"\n}\n'}],
}

GOOD = {
    rules_size.columns: [{"src/base/x.c": "x" * 100 + "\n", "tests/x.py": "x" * 120 + "\n"}],
    rules_size.file_length: [{"src/base/x.c": "\n" * 600, "src/base/x.h": "\n" * 120}],
    rules_size.function_length: [
        {"src/base/x.c": "static int f(void) {\n" + "        g();\n" * 58 + "}\n"},
        {"src/base/x.c": "static const int a[] = {\n" + "        1,\n" * 80 + "};\n"},
    ],
    rules_size.parameters: [
        {"src/base/x.c": "int f(int a, int b, int (*c)(int, int), int d, int e) {\n}\n"},
        {"src/hub/bus.c": "static int property_x(int a, int b, int c, int d, int e, int f) {\n}\n"},
    ],
    rules_size.nesting: [{"src/base/x.c": NESTED.replace(indent(4) + "if (a > 4)", indent(4) + "run (a)")}],
    rules_include.layers: [{"src/hub/x.c": '#include "store/store.h"\n#include "hub/y.h"\n',
                            "src/validator/x.c": '#include "event/ws.h"\n'}],
    rules_include.folder: [{"src/hub/x.c": '#include "hub/votes.h"\n// #include "gone.h"\n', "src/hub/votes.h": HEAD}],
    rules_include.include_order: [
        {"src/hub/x.c": '#include "hub/x.h"\n#include "base/a.h"\n#include "hub/b.h"\n'},
        {"src/hub/x.c": '#include "hub/x.h"\n\n#include <errno.h>\n#include <stdio.h>\n\n#include "base/a.h"\n'},
    ],
    rules_include.library_home: [
        {"src/base/json-write.c": "#include <json-c/json.h>\n", "src/hub/bus.c": "#include <systemd/sd-bus.h>\n",
         "src/event/http-url.c": "#include <curl/curl.h>\n", "src/event/ws-internal.h": "#include <libwebsockets.h>\n"},
    ],
    rules_include.include_cycle: [
        {"src/hub/a.c": '#include "hub/a.h"\n#include "hub/b.h"\n', "src/hub/a.h": HEAD,
         "src/hub/b.c": '#include "hub/b.h"\n', "src/hub/b.h": HEAD},
        {"src/hub/a.c": '#include "hub/a-part.h"\n', "src/hub/a.h": HEAD, "src/hub/a-part.h": '#include "hub/a.h"\n'},
        {"src/hub/a.c": '#include "hub/a-internal.h"\n', "src/hub/a.h": HEAD,
         "src/hub/a-internal.h": '#include "hub/a.h"\n', "src/hub/a-part.c": '#include "hub/a-internal.h"\n'},
    ],
    rules_text.banned_call: [
        {"src/hub/x.c": '/* strcpy(a, b); goto */\nint f(void) {\n        nanosleep(&a); my_system(1); a->system(2);\n'
                        '        puts("sprintf(");\n}\n'},
    ],
    rules_text.sql_home: [
        {"src/store/x.c": 'const char *q = "SELECT id FROM website";\n',
         "src/validator/spool-read.c": 'const char *q = "SELECT id FROM batch";\n',
         "src/event/pq-connection.c": 'const char *q = "SELECT set_config(1, 2)";\n',
         "src/event/pq-copy.c": 'const char *q = "BEGIN; ", *p = "COMMIT", *r = "ROLLBACK";\n',
         "src/hub/x.c": 'const char *q = "Selected: SELECT"; /* "SELECT 1" */\n'},
    ],
    rules_text.header_head: [{"src/hub/x.h": HEAD}],
    rules_text.open_ends: [{"src/hub/x.c": "/* see TODOLIST */\n"}],
    rules_text.machine_path: [{"tests/x.py": "open('src/work/x'); run('../work/')\n"}],
    rules_text.empty_name: [{"src/hub/votes.c": "", "src/dashboard/utility-bill.ts": ""}],
    rules_repo.top_level: [{"src/x": "", ".gitignore": "", "LICENSE": "", "container/x": ""}],
    rules_repo.sorted_lists: [{"src/hub/meson.build": "hub_modules = [\n  'a',\n  'a-b',\n  'b',\n]\n"}],
    rules_repo.listed_sources: [
        {"src/hub/meson.build": "hub_modules = ['b']\nhub_glue = ['a']\n", "src/hub/a.c": "", "src/hub/b.c": "",
         "src/hub/dpin-hub.c": ""},
    ],
    rules_repo.module_test: [
        {"src/hub/meson.build": "hub_modules = ['a']\nhub_glue = ['a-part', 'bus', 'manager']\n",
         "tests/unit/test-hub-a.c": ""},
        {"src/hub/meson.build": "hub_modules = [\n]\nhub_glue = [\n  'a', # tests/integration/test_a.py\n]\n",
         "tests/integration/test_a.py": ""},
    ],
    rules_repo.stray_test: [{"src/hub/meson.build": "hub_modules = ['a']\nhub_glue = ['a-b']\n",
                             "tests/unit/test-hub-a.c": "", "tests/fuzz/fuzz-hub-a.c": "",
                             "tests/fuzz/fuzz-hub-a-b.c": "", "tests/fuzz/replay.c": "", "tests/unit/fixture.c": ""}],
    rules_repo.lock_file: [{"src/dashboard/package-lock.json": '{"version": "1"}\n'}],
}


def objects(**sources):
    """a=(defined, undefined, variables) for src/hub/a.c; a layer is put before a double underscore."""
    found = []
    for name, sets in sources.items():
        layer, _, module = name.rpartition("__")
        found.append(ObjectFile(f"src/{layer or 'hub'}/{module}.c", *map(frozenset, sets)))
    return Tree({o.source: "" for o in found}, found)


BAD_SYMBOLS = {
    rules_symbol.symbol_layers: objects(base__a=((), {"vote"}, ()), b=({"vote"}, (), ())),
    rules_symbol.symbol_cycle: objects(a=({"f"}, {"g"}, ()), b=({"g"}, {"h"}, ()), c=({"h"}, {"f"}, ())),
    rules_symbol.mutable_global: objects(a=((), (), {("counter.0", ".bss")})),
}
GOOD_SYMBOLS = {
    rules_symbol.symbol_layers: objects(base__a=({"put"}, {"malloc"}, ()), b=({"vote"}, {"put"}, ())),
    rules_symbol.symbol_cycle: objects(a=({"f"}, {"g", "h"}, ()), b=({"g"}, {"h"}, ()), c=({"h"}, {"malloc"}, ())),
    rules_symbol.mutable_global: objects(a=((), (), ()), base__log=((), (), {("log_level", ".data")})),
}


def bad_place(files):
    """(path, line) of the word BAD; "BAD is one line up" and "down" point beside themselves."""
    for path, text in files.items():
        for number, line in enumerate(text.split("\n"), 1):
            if "BAD" in line:
                return path, number + ("one line down" in line) - ("one line up" in line)
    raise AssertionError("no BAD in the snippet")


class Rules(unittest.TestCase):
    def test_each_rule_finds_its_bad_snippets(self):
        for rule, snippets in BAD.items():
            for files in snippets:
                with self.subTest(rule=rule.__name__, files=files):
                    found = [(f.path, f.line) for f in rule(Tree(files))]
                    self.assertIn(bad_place(files), found)

    def test_each_rule_leaves_good_snippets_alone(self):
        for rule, snippets in GOOD.items():
            for files in snippets:
                with self.subTest(rule=rule.__name__, files=files):
                    self.assertEqual([str(f) for f in rule(Tree(files))], [])

    def test_symbol_rules(self):
        for rule, tree in BAD_SYMBOLS.items():
            with self.subTest(rule=rule.__name__):
                self.assertTrue(list(rule(tree)))
        for rule, tree in GOOD_SYMBOLS.items():
            with self.subTest(rule=rule.__name__, good=True):
                self.assertEqual([str(f) for f in rule(tree)], [])

    def test_no_rule_is_without_snippets(self):
        modules = (rules_size, rules_include, rules_text, rules_repo)
        self.assertEqual({r for m in modules for r in m.RULES}, set(BAD))
        self.assertEqual(set(BAD), set(GOOD))
        self.assertEqual(set(rules_symbol.RULES), set(BAD_SYMBOLS))
        self.assertEqual(set(BAD_SYMBOLS), set(GOOD_SYMBOLS))

    @unittest.skipUnless(rules_format.RULES, "needs clang-format 14")
    def test_format_rule(self):
        text = "int f(void) {\n        return 0;\n}\n"
        settings = {".clang-format": read_text(os.path.join(TOP, ".clang-format"))}
        good = Tree({"src/base/x.c": text, **settings})
        self.assertEqual(list(rules_format.formatted(good)), [])
        bad = Tree({"src/base/x.c": text, "src/base/y.c": text.replace("        ", "    "), **settings})
        self.assertEqual([f.path for f in rules_format.formatted(bad)], ["src/base/y.c"])


class Source(unittest.TestCase):
    def test_comments_and_strings_are_blanked_in_place(self):
        text = 'a = "/* no */"; /* "x"\n */ b = \'"\'; // "c\nd'
        code = blank(text, strings=True)
        self.assertEqual([len(line) for line in code.split("\n")], [len(line) for line in text.split("\n")])
        self.assertEqual(code.split(), ["a", "=", '"', '";', "b", "=", "'", "';", "d"])
        self.assertIn('"/* no */"', blank(text, strings=False))

    def test_adjacent_literals_are_one(self):
        self.assertEqual(literals('f("a"\n  "b", "c")'), [(1, "ab"), (2, "c")])

    def test_functions_are_found_and_initialisers_are_not(self):
        code = ("#define F(x) \\\n        { x }\nstatic const A a[] = { { 1 }, { f(2) } };\nenum { B };\n\n"
                "static int first(int a) {\n        *b = (B) { .c = 1 };\n}\n\nvoid second(void) {\n}\n")
        found = [(f.name, f.first, f.last) for f in find_functions(code)]
        self.assertEqual(found, [("first", 6, 8), ("second", 10, 11)])

    def test_parts_belong_to_the_module_whose_header_they_share(self):
        paths = {"src/event/httpd.h": "", "src/event/httpd-internal.h": "", "src/event/httpd-reply.c": "",
                 "src/event/http-url.h": "", "src/event/http.h": "", "src/hub/dpin-hub.c": ""}
        for path, module in (("src/event/httpd-reply.c", "httpd"), ("src/event/httpd-internal.h", "httpd"),
                             ("src/event/http-url.c", "http-url"), ("src/hub/dpin-hub.c", "dpin-hub")):
            self.assertEqual(module_of(path, paths).rpartition("/")[2], module)

    def test_objdump_is_read_as_the_compiler_writes_it(self):
        text = ("extern int there(void); static int counter; int shared = 3;\n"
                "static const char *const names[] = {\"a\"};\n"
                "int here(int i) { static int calls; return there() + counter++ + calls++ + names[i][0]; }\n")
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "x.c"), os.path.join(folder, "x.o")
            with open(source, "w", encoding="ascii") as file:
                file.write(text)
            subprocess.run(["gcc", "-fPIC", "-c", source, "-o", target], check=True)
            out = subprocess.run(["objdump", "-t", target], check=True, capture_output=True, text=True).stdout
        parsed = parse_objdump("src/hub/x.c", out)
        self.assertLessEqual({"here", "shared"}, parsed.defined)
        self.assertIn("there", parsed.undefined)
        self.assertEqual({name.split(".")[0] for name, _ in parsed.variables}, {"counter", "calls", "shared"})

    def test_files_are_listed_without_git_too(self):
        with tempfile.TemporaryDirectory() as folder:
            for path in ("src/a.c", "build/b.c", "src/node_modules/c.js"):
                os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
                with open(os.path.join(folder, path), "w", encoding="ascii"):
                    pass
            self.assertEqual(listed_files(folder), ["src/a.c"])
