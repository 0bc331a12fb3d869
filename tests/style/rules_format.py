"""Layout is .clang-format's business, and that of one version of it: later ones lay out differently."""
import os
import re
import subprocess
import tempfile

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
    """One run over a copy, so that what is judged is what the tree says."""
    with tempfile.TemporaryDirectory() as folder:
        paths = tree.c_files()
        for path in paths + [".clang-format"]:
            target = os.path.join(folder, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w", encoding="utf-8") as file:
                file.write(tree.text(path))
        command = ["clang-format", "--dry-run", "--Werror", "--ferror-limit=0", *paths]
        out = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stderr
    firsts = {}
    for path, line in re.findall(r"^([^\s:]+):(\d+):\d+: error:", out, re.M):
        firsts.setdefault(path, int(line))
    for path, line in firsts.items():
        yield Finding(path, line, "not formatted: ./dev lint --fix")


RULES = [formatted] if version() == VERSION else []
