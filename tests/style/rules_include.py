"""Who may include what: layers, folders, order, cycles, and one home for each foreign library."""
import os
import re

from source import Finding, layer_of, module_of

RANK = {"base": 0, "wire": 1, "event": 2, "store": 3, "hub": 4, "validator": 4, "api": 4, "ctl": 4}

HOMES = [
    (r"json-c/|json\.h$", r"src/base/json(-\w+)*\.[ch]", "base/json"),
    (r"ares", r"src/event/resolver(-\w+)*\.[ch]", "event/resolver"),
    (r"curl/", r"src/event/(http(-\w+)*|smtp)\.[ch]", "event/http and event/smtp"),
    (r"microhttpd\.h", r"src/event/httpd(-\w+)*\.[ch]", "event/httpd"),
    (r"libwebsockets\.h", r"src/event/ws(-\w+)*\.[ch]", "event/ws"),
    (r"libpq|postgresql/", r"src/event/pq(-\w+)*\.[ch]", "event/pq"),
    (r"systemd/sd-bus", r"src/(event/(bus|polkit)(-\w+)*|\w+/bus(-\w+)*|ctl/[\w-]+)\.[ch]", "event/bus, bus.c or ctl"),
    (r"systemd/sd-journal", r"src/base/log(-\w+)*\.[ch]", "base/log"),
    (r"systemd/sd-daemon", r"src/event/daemon(-\w+)*\.[ch]", "event/daemon"),
    (r"nettle/", r"src/base/sha256\.[ch]", "base/sha256"),
    (r"pcre2\.h", r"src/base/pattern\.[ch]", "base/pattern"),
    (r"sqlite3\.h", r"src/validator/spool(-\w+)*\.[ch]", "validator/spool"),
    (r"ini\.h", r"src/base/conf(-\w+)*\.[ch]", "base/conf"),
    (r"libsmartcols", r"src/ctl/[\w-]+\.[ch]", "ctl"),
]


def may_use(layer, other):
    """base < wire < event < store < programs; the validator never sees the store, programs never each other."""
    if layer == other:
        return True
    if layer == "validator" and other == "store":
        return False
    return RANK[other] < RANK[layer]


def layers(tree):
    for path in tree.c_files("src/"):
        layer = layer_of(path)
        for line, _, name in tree.includes(path):
            other = layer_of("src/" + name)
            if layer and other and not may_use(layer, other):
                yield Finding(path, line, f"{layer} must not include {name}: pass a callback or a value instead")


def folder(tree):
    for path in tree.c_files("src/"):
        for line, quote, name in tree.includes(path):
            if quote == '"' and "src/" + name not in tree.files:
                yield Finding(path, line, f'there is no src/{name}: include with the folder, as "hub/votes.h"')


def include_order(tree):
    """Blocks between blank lines are sorted and of one kind; only the header of the file itself may come first."""
    for path in tree.c_files():
        previous, own = None, path[len("src/"):-1] + "h"
        for line, quote, name in tree.includes(path):
            if previous and previous[0] == line - 1:
                if previous[1] != quote:
                    yield Finding(path, line, "put an empty line between <> and \"\" includes")
                elif previous[2] >= name and previous[2] != own:
                    yield Finding(path, line, f"sort the includes: {name} comes before {previous[2]}, and only once")
            previous = (line, quote, name)


def library_home(tree):
    for path in tree.c_files("src/"):
        for line, quote, name in tree.includes(path):
            for header, home, words in HOMES:
                if quote == "<" and re.match(header, name) and not re.fullmatch(home, path):
                    yield Finding(path, line, f"<{name}> has its home in {words}: use that module")


def cycles(edges):
    """Groups of nodes that reach each other; edges: {node: {node: where}}."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in edges.get(node, {}):
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            group = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def cycle_findings(edges, how):
    for group in cycles(edges):
        names = ", ".join(os.path.relpath(m, "src") for m in group)
        for module in group:
            for target, (path, line, what) in sorted(edges[module].items()):
                if target in group:
                    yield Finding(path, line, f"cycle by {how} of {names}: {what}; turn one direction into a callback")


def include_cycle(tree):
    """Between modules. A part, X-part, may know the header of its whole; symbols tell whether they call each other."""
    edges = {}
    for path in tree.c_files("src/"):
        if layer_of(path):
            module = module_of(path, tree.files)
            for line, _, name in tree.includes(path):
                target = module_of("src/" + name, tree.files)
                if "src/" + name in tree.files and target != module and not module.startswith(target + "-"):
                    edges.setdefault(module, {})[target] = (path, line, f"includes {name}")
    return cycle_findings(edges, "include")


RULES = [layers, folder, include_order, library_home, include_cycle]
