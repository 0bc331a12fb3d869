"""dpinctl where a person sits: long answers are paged, colors shown."""

import unittest

from ctl_case import OK, Ctl


class Terminal(Ctl):
    def test_a_pager_is_for_terminals(self):
        self.newcomer(tags=["name=berlin"])
        pager = {"PAGER": "sed s/^/paged:/"}
        code, shown = self.on_terminal("validator", "list", env=pager)
        self.assertEqual(code, OK)
        self.assertTrue(all(line.startswith("paged:") for line in shown.splitlines()), shown)
        self.assertIn("berlin", shown)
        self.assertIn("\x1b[1m", shown)  # the pager's terminal has colors
        for args, env in ((("--no-pager",), pager), ((), {"PAGER": "cat"}), ((), {"PAGER": ""}), (("--json",), pager),
                          ((), {**pager, "TERM": "dumb"})):
            code, shown = self.on_terminal("validator", "list", *args, env=env)
            self.assertEqual(code, OK)
            self.assertNotIn("paged:", shown)
            self.assertIn("berlin", shown)
        self.assertNotIn("\x1b", self.on_terminal("validator", "list", "--no-pager", env={"NO_COLOR": "1"})[1])
        self.assertNotIn("paged:", self.ok("validator", "list", env=pager))
        code, shown = self.on_terminal("validator", "list", env={"PAGER": "head -n 1 >/dev/null"})
        self.assertEqual((code, shown), (OK, ""))


if __name__ == "__main__":
    unittest.main()
