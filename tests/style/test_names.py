"""Error classes of a tick have the same names, in the same order, and the same sentences wherever they are written."""
import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def table(text, name):
    """{enumerator: text} of a table of strings in C."""
    body = re.search(rf"{name}\[_TICK_ERROR_MAX\] = {{(.*?)\n}};", text, re.S)[1]
    return dict(re.findall(r'\[TICK_ERROR_(\w+)\] =\s+"(.*)",', body))


class ErrorClasses(unittest.TestCase):
    def setUp(self):
        source = read("src/wire/tick.c")
        order = re.findall(r"^ +TICK_ERROR_(\w+),", read("src/wire/tick.h"), re.M)
        self.names, self.texts = table(source, "error_names"), table(source, "error_texts")
        self.assertEqual(set(order), set(self.names))
        self.order = [self.names[name] for name in order]

    def test_python(self):
        listed = re.search(r"^ERRORS = \((.*?)\)$", read("tests/integration/dpin_batch.py"), re.S | re.M)[1]
        self.assertEqual(re.findall(r'"(\w+)"', listed), self.order)

    def test_dashboard(self):
        found = re.findall(r"^  (\w+): (['\"])(.*)\2,$", read("src/dashboard/error-text.ts"), re.M)
        wanted = {self.names[name]: text for name, text in self.texts.items() if name != "NONE"}
        self.assertEqual({name: text for name, _, text in found}, wanted)


if __name__ == "__main__":
    unittest.main()
