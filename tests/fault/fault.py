"""What is done to the system: a fault breaks something, then mends what only it knows of; whatever is dead is started
again by the arena."""


class Fault:
    """`rng` belongs to the round: every choice is made by it, so that a round can be had again."""

    name = ""
    needs = ""  # disk of the arena that it fills
    allows = frozenset()  # dispositions of acknowledged ticks that it explains

    def __init__(self, arena, rng, long=False):
        self.arena, self.rng, self.long = arena, rng, long
        self.detail = ""

    def break_(self):
        raise NotImplementedError

    def mend(self):
        """Before the dead are started again."""

    def prove(self, checker):
        """When everything runs again, before the load stops: what has to be true after this fault only."""
