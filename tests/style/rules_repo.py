"""The tree as a whole: what lies at the top, that every module is listed and tested."""
import os
import re

from source import LAYERS, Finding

TOP = {"meson.build", "meson_options.txt", "README.md", "LICENSE", "dev", "src", "units", "dbus", "polkit", "sql",
       "debian", "rpm", "container", "tests"}
UNTESTED_GLUE = re.compile(r"manager(-\w+)*|bus(-\w+)*|dpin\w*(-\w+)*|verb-\w+")


def top_level(tree):
    for path in tree.paths():
        top = path.split("/")[0]
        if top not in TOP and not top.startswith("."):
            yield Finding(path, 1, f"{top} does not belong to the top level: move it into one of its folders")


def module_list(tree, layer, kind):
    """[(line, module, comment)] of LAYER_modules or LAYER_glue in src/LAYER/meson.build."""
    text = tree.text(f"src/{layer}/meson.build")
    match = re.search(rf"^{layer}_{kind} = \[(.*?)\]", text, re.S | re.M)
    if not match:
        return []
    line = text.count("\n", 0, match.start(1)) + 1
    entries = []
    for number, row in enumerate(match[1].split("\n"), line):
        entries += [(number, m[1], row.partition("#")[2]) for m in re.finditer(r"'([^']+)'", row.partition("#")[0])]
    return entries


def built_layers(tree):
    return [layer for layer in LAYERS if f"src/{layer}/meson.build" in tree.files]


def sorted_lists(tree):
    for layer in built_layers(tree):
        for kind in ("modules", "glue"):
            names = module_list(tree, layer, kind)
            for before, after in zip(names, names[1:]):
                if before[1] >= after[1]:
                    yield Finding(f"src/{layer}/meson.build", after[0],
                                  f"sort {layer}_{kind}: {after[1]} comes earlier")


def listed_sources(tree):
    """Every .c file of a layer is a module, glue, or the program's main."""
    for layer in built_layers(tree):
        known = {name for kind in ("modules", "glue") for _, name, _ in module_list(tree, layer, kind)}
        for path in tree.paths(".c", under=f"src/{layer}/"):
            name = os.path.basename(path)[:-2]
            if name not in known and not re.fullmatch(r"dpin(-hub|-api|-validator|ctl)", name):
                yield Finding(path, 1, f"list it in {layer}_modules (or glue) of src/{layer}/meson.build")


def module_test(tree):
    for layer in built_layers(tree):
        modules = module_list(tree, layer, "modules")
        for line, name, _ in modules:
            if f"tests/unit/test-{layer}-{name}.c" not in tree.files:
                yield Finding(f"src/{layer}/meson.build", line, f"write tests/unit/test-{layer}-{name}.c")
        for line, name, comment in module_list(tree, layer, "glue"):
            if not glue_is_tested(tree, name, comment, {m for _, m, _ in modules}):
                yield Finding(f"src/{layer}/meson.build", line, f"{name} is glue without a test: make it a module, or "
                              "name what tests it: 'x', # tests/integration/test_x.py")


def glue_is_tested(tree, name, comment, modules):
    """Wiring; a part of a tested module X, named X-part; or glue that names its test."""
    part_of = any(name.startswith(module + "-") for module in modules)
    named = re.search(r"tests/[\w./-]+", comment)
    return bool(UNTESTED_GLUE.fullmatch(name) or part_of or (named and named[0] in tree.files))


def stray_test(tree):
    """A unit test that no module claims would never run, nor a fuzz target that neither a module nor glue does."""
    for path in tree.paths(".c", under="tests/"):
        match = re.fullmatch(r"tests/(unit/test|fuzz/fuzz)-([a-z]+)-([\w-]+)\.c", path)
        if not match:
            continue
        kinds = ["modules"] + ["glue"] * (match[1] == "fuzz/fuzz")
        if match[2] not in LAYERS or match[3] not in {m for k in kinds for _, m, _ in module_list(tree, match[2], k)}:
            yield Finding(path, 1, f"nothing runs it: there is no {match[3]} in {match[2]}_{' or '.join(kinds)}")


def lock_file(tree):
    for path in tree.paths("package-lock.json"):
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if '"resolved"' in line:
                yield Finding(path, number, "no registry addresses here: npm --omit-lockfile-registry-resolved")
                break


RULES = [top_level, sorted_lists, listed_sources, module_test, stray_test, lock_file]
