"""dpin.v1 in Python: a second implementation, written from the headers in src/wire alone, never from the C sources.

It exists to show that the headers say enough, to check what the first implementation signs and stores, and to be the
honest validator, the liar and the attacker of the integration tests. One name for its parts: sign, order, batch, frame.
"""

# flake8: noqa: F401, F403
import dpin_batch as batch
import dpin_frame as frame
import dpin_order as order
import dpin_sign as sign
from dpin_batch import Batch, Proof, Receipt, Tick, disposition_hash
from dpin_order import Order, open_order, order_id, order_leaf, spec_encode, spec_parse
from dpin_sign import Key, WireError, b64, unb64
