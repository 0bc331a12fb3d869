"""The frame of all measurements: what is measured, the median of several runs, the table, and build/bench.json.

A group is a module group_NAME.py with METRICS, a list of Metric whose names begin with "NAME.", and measure(bench),
which runs ours and the reference once, one beside the other, and returns {name: value}. done(), if there is one, is
called after the last run.
"""

import dataclasses
import glob
import importlib
import json
import os
import statistics

HERE = os.path.dirname(os.path.abspath(__file__))
LOWER, HIGHER = "lower", "higher"


@dataclasses.dataclass(frozen=True)
class Metric:
    """`goal` None: told, not judged. `better` says which way."""
    name: str
    unit: str
    what: str
    goal: float = None
    better: str = LOWER

    def met(self, value):
        if self.goal is None:
            return None
        return value <= self.goal if self.better == LOWER else value >= self.goal


def group_of(name):
    return name.split(".", 1)[0]


def group_names():
    return sorted(os.path.basename(p)[len("group_"):-len(".py")] for p in glob.glob(os.path.join(HERE, "group_*.py")))


def load_group(name):
    module = importlib.import_module(f"group_{name}")
    for metric in module.METRICS:
        if group_of(metric.name) != name:
            raise ValueError(f"group_{name}.py measures {metric.name}, which is of another group")
    return module


def unknown_groups(wanted):
    return [name for name in wanted if name not in group_names()]


def medians(runs):
    """{name: median} of several {name: value}; a name that a run did not measure is left out of that run only."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: statistics.median(run[name] for run in runs if name in run) for name in names}


def rows(metrics, values):
    """As they stand in bench.json, in the order of the metrics."""
    return [{"name": m.name, "value": values[m.name], "goal": m.goal, "unit": m.unit, "better": m.better}
            for m in metrics if m.name in values]


def merge(path, measured):
    """Puts rows into the list in this file by name and keeps all others; written whole or not at all."""
    known = {row["name"]: row for row in read(path)}
    known.update({row["name"]: row for row in measured})
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as f:
        json.dump([known[name] for name in sorted(known)], f, indent=1)
        f.write("\n")
    os.replace(path + ".new", path)


def read(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return json.load(f)


def number(value):
    """Four digits that mean something."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def verdict(metric, value):
    return {None: "", True: "ok", False: "MISSED"}[metric.met(value)]


def table(metrics, values):
    lines = [("name", "value", "goal", "unit", "", "what")]
    for m in metrics:
        if m.name in values:
            goal = "-" if m.goal is None else ("<= " if m.better == LOWER else ">= ") + number(m.goal)
            lines.append((m.name, number(values[m.name]), goal, m.unit, verdict(m, values[m.name]), m.what))
    widths = [max(len(line[i]) for line in lines) for i in range(6)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def missed(metrics, values):
    return [m.name for m in metrics if m.name in values and m.met(values[m.name]) is False]
