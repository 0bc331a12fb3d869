"""Committees: whoever is dead or away for a while is of the network still, so each has the seats its website wants."""

from process import Failure


def committees(cursor):
    """How many there were: one in each epoch of each website."""
    cursor.execute("SELECT count(*) FILTER (WHERE n <> seats), count(*) FROM epoch JOIN website w ON w.id = website_id")
    small, n = cursor.fetchone()
    if small:
        raise Failure(f"{small} of {n} committees have fewer seats than validators were there for")
    return n
