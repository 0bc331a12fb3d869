"""All faults, in one list."""

import fault_away
import fault_disk
import fault_kill

FAULTS = tuple(sorted((*fault_away.FAULTS, *fault_disk.FAULTS, *fault_kill.FAULTS), key=lambda f: f.name))
