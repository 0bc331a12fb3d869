"""How long, wide and deep things may be."""
import re

from source import Finding

COLUMNS = 100
COLUMNS_ELSEWHERE = 120  # in what is not C
FILE_LINES = 600
HEADER_LINES = 120
FUNCTION_LINES = 60
PARAMETERS = 5
NESTING = 3
INDENT = 8
MEASURED = (".c", ".h", ".py", ".sh", ".sql", ".ts", ".tsx", ".mjs", ".css", ".build")


def columns(tree):
    for path in tree.paths(*MEASURED):
        limit = COLUMNS if path.endswith((".c", ".h")) else COLUMNS_ELSEWHERE
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if len(line) > limit:
                yield Finding(path, number, f"{len(line)} columns: break the line, {limit} is the limit")


def file_length(tree):
    for path in tree.paths(*MEASURED):
        limit = HEADER_LINES if path.endswith(".h") and path.startswith("src/") else FILE_LINES
        lines = tree.text(path).count("\n")
        if lines > limit:
            yield Finding(path, lines, f"{lines} lines: split the file by its nouns, {limit} is the limit")


def function_length(tree):
    for path in tree.c_files():
        for f in tree.functions(path):
            lines = f.last - f.first + 1
            if lines > FUNCTION_LINES:
                yield Finding(path, f.first, f"{f.name}() has {lines} lines: split it, {FUNCTION_LINES} is the limit")


# Static callbacks whose signature a foreign library dictates, in the files that may know it.
FOREIGN = re.compile(r"(on|property)_\w+")
FOREIGN_HOME = re.compile(r"src/(event/[\w-]+|\w+/bus(-\w+)*)\.c")


def parameters(tree):
    for path in tree.c_files():
        for f in tree.functions(path):
            n = count_parameters(f.parameters)
            if n > PARAMETERS and not (FOREIGN.fullmatch(f.name) and FOREIGN_HOME.fullmatch(path)):
                yield Finding(path, f.first, f"{f.name}() takes {n} parameters: make a struct, "
                              f"{PARAMETERS} is the limit")


def count_parameters(text):
    depth, commas = 0, 0
    for c in text:
        depth += {"(": 1, ")": -1}.get(c, 0)
        commas += c == "," and depth == 0
    return 0 if text.strip() in ("", "void") else commas + 1


CONTROL = re.compile(r"^( *)(?:\} )?(?:if|for|while|do|switch|else|[A-Z]+_(?:ITER|FOREACH)\w*)\b(?!.*\} while)")


def nesting(tree):
    """A control statement inside three others is one too many. Goes by the indentation that .clang-format makes."""
    for path in tree.c_files():
        lines = tree.code(path).split("\n")
        for f in tree.functions(path):
            for number in range(f.first, f.last + 1):
                match = CONTROL.match(lines[number - 1])
                if match and len(match[1]) > NESTING * INDENT:
                    yield Finding(path, number, f"{f.name}() nests {len(match[1]) // INDENT} levels deep: "
                                  f"make a function of the inner part, {NESTING} is the limit")


RULES = [columns, file_length, function_length, parameters, nesting]
