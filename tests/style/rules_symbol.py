"""What only object files tell: who really calls whom, and what is writable at file scope."""
import re

from rules_include import cycle_findings, may_use
from source import Finding, layer_of, module_of

# (source, variable) of writable state that has to exist, each with its reason.
ALLOWED_VARIABLES = {
    ("src/base/log.c", r"log_\w+"): "one level and one sink per process, set once by main",
}


def definitions(tree):
    return {symbol: o.source for o in tree.objects for symbol in o.defined if layer_of(o.source)}


def calls(tree):
    """(caller, callee, symbol) over all objects of src/."""
    where = definitions(tree)
    for o in tree.objects:
        for symbol in sorted(o.undefined):
            if symbol in where and where[symbol] != o.source:
                yield o.source, where[symbol], symbol


def symbol_layers(tree):
    for source, target, symbol in calls(tree):
        if layer_of(source) and not may_use(layer_of(source), layer_of(target)):
            yield Finding(source, 1, f"{layer_of(source)} must not use {symbol}() of {target}: "
                          "pass a callback or a value")


def symbol_cycle(tree):
    edges = {}
    for source, target, symbol in calls(tree):
        caller, callee = module_of(source, tree.files), module_of(target, tree.files)
        if layer_of(source) and caller != callee:
            edges.setdefault(caller, {})[callee] = (source, 1, f"uses {symbol}()")
    return cycle_findings(edges, "symbol")


def mutable_global(tree):
    for o in tree.objects:
        for name, section in sorted(o.variables):
            if not name.startswith("__") and not variable_allowed(o.source, name):
                yield Finding(o.source, 1, f"{name} is writable at file scope ({section}): make it const, or a member "
                              "of the struct that owns it")


def variable_allowed(source, name):
    name = name.split(".")[0]
    return any(source == s and re.fullmatch(pattern, name) for s, pattern in ALLOWED_VARIABLES)


RULES = [symbol_layers, symbol_cycle, mutable_global]
