"""What the style rules look at: the files of the tree, C text without comments, functions, object files."""
import bisect
import dataclasses
import os
import re
import subprocess

LAYERS = ("base", "wire", "event", "store", "hub", "validator", "api", "ctl")


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """One place that breaks a rule; `todo` says what to do about it."""
    path: str
    line: int
    todo: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.todo}"


@dataclasses.dataclass(frozen=True)
class Function:
    """A function definition; lines count from 1, `parameters` is the text between its parentheses."""
    name: str
    first: int
    last: int
    parameters: str


class Tree:
    """Files by path relative to the top, as {path: text}; text of other kinds is None."""

    def __init__(self, files, objects=None):
        self.files = files
        self.objects = objects
        self.cache = {}

    def paths(self, *endings, under=""):
        return sorted(p for p in self.files if p.endswith(endings or "") and p.startswith(under))

    def c_files(self, under=("src/", "tests/")):
        return [p for p in self.paths(".c", ".h") if p.startswith(under)]

    def text(self, path):
        return self.files[path] or ""

    def code(self, path):
        """The text with comments, strings and characters blanked; same lines, same columns."""
        if ("code", path) not in self.cache:
            self.cache["code", path] = blank(self.text(path), strings=True)
        return self.cache["code", path]

    def uncommented(self, path):
        if ("text", path) not in self.cache:
            self.cache["text", path] = blank(self.text(path), strings=False)
        return self.cache["text", path]

    def functions(self, path):
        if ("functions", path) not in self.cache:
            self.cache["functions", path] = find_functions(self.code(path))
        return self.cache["functions", path]

    def includes(self, path):
        """[(line, '"' or '<', name)]"""
        found = []
        for number, line in enumerate(self.uncommented(path).split("\n"), 1):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if match:
                found.append((number, match[1], match[2]))
        return found


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(text, strings):
    """Comments become spaces, and with `strings` what stands inside quotes too."""
    def replace(match):
        token = match[0]
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token[0] + " " * (len(token) - 2) + token[-1] if strings else token
    return TOKEN.sub(replace, text)


def literals(text):
    """[(line, literal)] of the string literals; adjacent ones are one literal."""
    found = []
    for match in TOKEN.finditer(text):
        if match[0][0] != '"':
            continue
        if found and not text[found[-1][2]:match.start()].strip():
            line, literal, _ = found[-1]
            found[-1] = (line, literal + match[0][1:-1], match.end())
        else:
            found.append((text.count("\n", 0, match.start()) + 1, match[0][1:-1], match.end()))
    return [(line, literal) for line, literal, _ in found]


def without_preprocessor(code):
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), code, flags=re.M)


def opening(code, closing):
    """Where the parenthesis that ends at `closing` begins."""
    depth = 0
    for at in range(closing, -1, -1):
        depth += {")": 1, "(": -1}.get(code[at], 0)
        if depth == 0:
            return at
    return 0


def find_functions(code):
    """Braces at top level that follow a closing parenthesis are function bodies."""
    code = without_preprocessor(code)
    starts = [0] + [m.end() for m in re.finditer("\n", code)]
    found, depth, head = [], 0, None
    for match in re.finditer(r"[{}]", code):
        at = match.start()
        if match[0] == "{":
            if depth == 0:
                head = function_head(code, at)
            depth += 1
            continue
        depth -= 1
        if depth == 0 and head:
            name, begin, parameters = head
            first, last = bisect.bisect_right(starts, begin), bisect.bisect_right(starts, at)
            found.append(Function(name, first, last, parameters))
    return found


def function_head(code, brace):
    before = code[:brace].rstrip()
    if not before.endswith(")"):
        return None
    begin = opening(code, len(before) - 1)
    name = re.search(r"([A-Za-z_]\w*)\s*$", code[:begin])
    if not name:
        return None
    first = max(code.rfind(c, 0, name.start()) for c in ";}") + 1
    first += len(code[first:]) - len(code[first:].lstrip())
    return name[1], first, code[begin + 1:len(before) - 1]


def layer_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" and parts[1] in LAYERS else None


def module_of(path, tree_paths):
    """The module of a file of src/LAYER. X-part.c without a header of its own, and X-internal.h, are parts of X."""
    stem = re.sub(r"\.(c|h)$", "", path)
    while not stem.endswith("/") and "-" in os.path.basename(stem):
        if stem + ".h" in tree_paths and not stem.endswith("-internal"):
            return stem
        shorter = stem.rpartition("-")[0]
        if shorter + ".h" not in tree_paths and shorter + ".c" not in tree_paths:
            return stem
        stem = shorter
    return stem


@dataclasses.dataclass(frozen=True)
class ObjectFile:
    """Symbols of one object: `variables` are writable ones as (name, section)."""
    source: str
    defined: frozenset
    undefined: frozenset
    variables: frozenset


WRITABLE = re.compile(r"^\.(data|bss|tdata|tbss)(?!\.rel\.ro)")


def parse_objdump(source, text):
    """Reads `objdump -t`: value, seven flag characters, section, size, name."""
    defined, undefined, variables = set(), set(), set()
    for line in text.splitlines():
        match = re.match(r"^[0-9a-f]{8,16} (.{7}) (\S+)\t[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line)
        if not match:
            continue
        flags, section, name = match.groups()
        if section == "*UND*":
            undefined.add(name)
        elif "g" in flags or "w" in flags:
            defined.add(name)
        if "O" in flags and (WRITABLE.match(section) or section == "*COM*"):
            variables.add((name, section))
    return ObjectFile(source, frozenset(defined), frozenset(undefined), frozenset(variables))


def object_source(build, path, sources):
    """The source of an object file of meson's: src/base/libX.a.p/id.c.o is src/base/id.c."""
    folder, name = os.path.split(os.path.relpath(path, build))
    name = name[:-2]
    for candidate in (f"{os.path.dirname(folder)}/{name}", f"{os.path.dirname(folder)}/{name.replace('_', '/', 1)}"):
        if candidate in sources:
            return candidate
    return None


def read_objects(build, sources):
    found = []
    for folder, _, names in os.walk(os.path.join(build, "src")):
        for name in sorted(n for n in names if n.endswith(".c.o")):
            path = os.path.join(folder, name)
            source = object_source(build, path, sources)
            if source:
                out = subprocess.run(["objdump", "-t", path], check=True, capture_output=True, text=True).stdout
                found.append(parse_objdump(source, out))
    return sorted(found, key=lambda o: o.source)


def listed_files(top):
    """What git knows or would add; without git everything but what is built."""
    command = ["git", "-C", top, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 0 and result.stdout:
        return [p for p in result.stdout.split("\0") if p and os.path.isfile(os.path.join(top, p))]
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = [d for d in folders if d not in ("build", "node_modules", "__pycache__", ".git", "obj-dpin")]
        found += [os.path.relpath(os.path.join(folder, n), top) for n in names]
    return found


def read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        return None


def read_tree(top, build):
    """The tree below `top`; with a build folder, its object files too."""
    files = {p: read_text(os.path.join(top, p)) for p in listed_files(top)}
    objects = read_objects(build, files) if build and os.path.isdir(build) else None
    return Tree(files, objects)
