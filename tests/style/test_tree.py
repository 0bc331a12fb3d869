"""The style rules, each as one test over this tree. The build folder ($DPIN_BUILD) is where symbols are read."""
import os
import unittest

import rules_format
import rules_include
import rules_repo
import rules_size
import rules_symbol
import rules_text
from source import read_tree

SHOWN = 60
TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
TEXT_RULES = rules_size.RULES + rules_include.RULES + rules_text.RULES + rules_repo.RULES + rules_format.RULES


class StyleOfThisTree(unittest.TestCase):
    terse = True

    @classmethod
    def setUpClass(cls):
        os.chdir(TOP)
        cls.tree = read_tree(TOP, os.environ.get("DPIN_BUILD"))

    def judge(self, rule):
        findings = sorted(set(rule(self.tree)))
        lines = [f"{f.path}:{f.line}: {rule.__name__}: {f.todo}" for f in findings[:SHOWN]]
        if len(findings) > SHOWN:
            lines.append(f"and {len(findings) - SHOWN} more")
        if findings:
            self.fail("\n    ".join([f"{len(findings)} findings", *lines]))

    def test_tree_is_not_empty(self):
        self.assertGreater(len(self.tree.c_files("src/")), 20)


def add_test(rule, needs_objects):
    def test(self):
        if needs_objects and self.tree.objects is None:
            self.skipTest("needs a build (DPIN_BUILD)")
        if needs_objects:
            self.assertGreater(len(self.tree.objects), 20, "the build has no object files")
        self.judge(rule)
    setattr(StyleOfThisTree, "test_" + rule.__name__, test)


for text_rule in TEXT_RULES:
    add_test(text_rule, False)
for symbol_rule in rules_symbol.RULES:
    add_test(symbol_rule, True)
