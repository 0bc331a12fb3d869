"""What shells offer while a command line of dpinctl is written."""

import os
import re
import subprocess
import unittest

from ctl_case import SOURCE, Ctl


class Shells(Ctl):
    def bash(self, *words):
        """What bash would offer for the last word; it takes a word with "=" apart."""
        line = " ".join(words)
        words = [part for word in words for part in (re.split("(=)", word) if word.startswith("--role") else [word])]
        script = ('source "$1"; shift; COMP_LINE=$1; COMP_POINT=${#1}; shift; COMP_WORDS=("$@");'
                  ' COMP_CWORD=$(($# - 1)); _dpinctl; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", os.path.join(SOURCE, "src/ctl/dpinctl.bash-completion"),
                               line, *words], capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def zsh(self, *words):
        """The same by zsh, whose completion system is played by two functions."""
        script = ('_files() { print -r :files }; _describe() { print -rl -- "${(@P)4}" };'
                  ' file=$1; words=("${@:2}"); CURRENT=$#words; source $file')
        done = subprocess.run(["zsh", "-fc", script, "zsh", os.path.join(SOURCE, "src/ctl/dpinctl.zsh-completion"),
                               *words], capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return [re.split(r"(?<=.)(?<!\\):", line)[0].replace("\\:", ":") for line in done.stdout.splitlines() if line]

    def test_shells_complete_what_the_program_knows(self):
        website = self.ok("website", "add", "http://127.0.0.1:9/").strip()
        self.addCleanup(self.run_ctl, "website", "rm", website)
        program, bus = self.argv()
        for shell in (self.bash, self.zsh):
            self.assertEqual(shell(program, "web"), ["website"])
            self.assertEqual(shell(program, "website", "r"), ["resume", "rm"])
            self.assertEqual(shell(program, "website", "add", "--se"), ["--seats="])
            self.assertIn(website, shell(program, bus, "website", "rm", ""))
            self.assertEqual(shell(program, "--bus=unix:path=/nonexistent", "website", "rm", ""), [])
        self.assertIn("status", self.bash(program, ""))
        self.assertEqual(self.bash(program, "user", "add", "x", "--role=e"), ["editor"])
        self.assertEqual(self.zsh(program, "user", "add", "x", "--role=e"), ["--role=editor"])
        self.assertEqual(self.zsh(program, "decode", ""), [":files"])
        self.assertIn("/etc/passwd", self.bash(program, "decode", "/etc/passw"))


if __name__ == "__main__":
    unittest.main()
