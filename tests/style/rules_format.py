"""Layout is .clang-format's business, and that of one version of it: later ones lay out differently."""
import re
import subprocess

from source import Finding

VERSION = "14"


def version():
    """The major version of clang-format here, or None."""
    try:
        out = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True).stdout
    except OSError:
        return None
    match = re.search(r"version (\d+)", out)
    return match and match[1]


def formatted(tree):
    """Text is passed by standard input, under its name, so that what is judged is what the tree says."""
    for path in tree.c_files():
        out = subprocess.run(["clang-format", "--style=file", f"--assume-filename={path}"], input=tree.text(path),
                             capture_output=True, text=True, check=True).stdout
        if out != tree.text(path):
            yield Finding(path, first_difference(tree.text(path), out), "not formatted: ./dev lint --fix")


def first_difference(before, after):
    pairs = zip(before.split("\n"), after.split("\n"))
    return next((n for n, (a, b) in enumerate(pairs, 1) if a != b), 1)


RULES = [formatted] if version() == VERSION else []
