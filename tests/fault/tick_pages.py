"""Pages of ticks as they are stored, taken apart by what sql/040-tick-pages.sql says of their bytes and not by its
functions: millions of ticks in seconds."""

import io
import struct

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
ROW = struct.Struct(">hiiiqii")  # of each column its size and what it is; the last one: bits, then bytes
TICK = struct.Struct(">I2Q2I5IH2B")
# what it is of a tick: µs since the span began, order, batch, validator, number, dns, connect, tls, wait, transfer,
# status, class of the error, flags
SCHEDULED = 0


def outcome(flags):
    return flags & 3


def kind(flags):
    return flags >> 2 & 3


def late(flags):
    return flags & 16 != 0


def pages(cursor, first, end):
    """(website, beginning of its span, bytes of ticks) of all pages of these hours (µs), to be read by
    TICK.iter_unpack()."""
    data = io.BytesIO()
    cursor.copy_expert(cursor.mogrify("""COPY (SELECT website_id, usec(span), ticks FROM tick_page
        WHERE span >= timestamptz 'epoch' + %s * interval '1 us' AND span < timestamptz 'epoch' + %s * interval '1 us')
        TO STDOUT (FORMAT binary)""", (first, end)).decode(), data)
    data, at = data.getbuffer(), len(HEAD)
    assert data[:at] == HEAD
    while data[at:at + 2] != b"\xff\xff":
        columns, _, website, _, span, size, bits = ROW.unpack_from(data, at)
        assert (columns, 8 * (size - 4)) == (3, bits)
        at += ROW.size + size - 4
        yield website, span, data[at - size + 4:at]
