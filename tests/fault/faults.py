"""All faults, in one list."""

import fault_away
import fault_backlog
import fault_clock
import fault_copy
import fault_disk
import fault_kill

KINDS = (fault_away, fault_backlog, fault_clock, fault_copy, fault_disk, fault_kill)
FAULTS = tuple(sorted((fault for kind in KINDS for fault in kind.FAULTS), key=lambda f: f.name))
