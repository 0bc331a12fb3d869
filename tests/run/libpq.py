"""A connection to PostgreSQL that stays, for tests which look again and again: a psql for each look would work more
than what it looks at. It answers as `psql -XAtq -c` does: in text, and of several statements the rows of all."""

import ctypes
import select

from process import Failure

CONNECTION_OK, TUPLES_OK = 0, 2
ERRORS = (5, 7)  # a bad response, a fatal error
SIGNATURES = {
    "PQconnectdb": (ctypes.c_void_p, ctypes.c_char_p),
    "PQstatus": (ctypes.c_int, ctypes.c_void_p),
    "PQerrorMessage": (ctypes.c_char_p, ctypes.c_void_p),
    "PQsocket": (ctypes.c_int, ctypes.c_void_p),
    "PQfinish": (None, ctypes.c_void_p),
    "PQsendQuery": (ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p),
    "PQgetResult": (ctypes.c_void_p, ctypes.c_void_p),
    "PQresultStatus": (ctypes.c_int, ctypes.c_void_p),
    "PQresultErrorMessage": (ctypes.c_char_p, ctypes.c_void_p),
    "PQntuples": (ctypes.c_int, ctypes.c_void_p),
    "PQnfields": (ctypes.c_int, ctypes.c_void_p),
    "PQgetvalue": (ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int),
    "PQclear": (None, ctypes.c_void_p),
}
libpq = ctypes.CDLL("libpq.so.5")
for function, (result, *arguments) in SIGNATURES.items():
    getattr(libpq, function).restype, getattr(libpq, function).argtypes = result, arguments


class Connection:
    """One statement or several at a time. After a failure it is of no more use."""

    def __init__(self, url):
        self.handle = libpq.PQconnectdb(url.encode())
        if libpq.PQstatus(self.handle) != CONNECTION_OK:
            text = libpq.PQerrorMessage(self.handle).decode(errors="replace")
            self.close()
            raise Failure(text.strip())

    def close(self):
        if self.handle:
            libpq.PQfinish(self.handle)
        self.handle = None

    def alive(self):
        """Not if the server has ended, or has ended this connection: there are last words to be read, or an end."""
        return bool(self.handle) and not select.select([libpq.PQsocket(self.handle)], [], [], 0)[0]

    def rows(self, text):
        """Lists of text, an empty one for NULL."""
        rows, error = [], None
        if not libpq.PQsendQuery(self.handle, text.encode()):
            error = libpq.PQerrorMessage(self.handle)
        while not error and (result := libpq.PQgetResult(self.handle)):
            if libpq.PQresultStatus(result) in ERRORS:
                error = libpq.PQresultErrorMessage(result)
            elif libpq.PQresultStatus(result) == TUPLES_OK:
                rows += table(result)
            libpq.PQclear(result)
        if error is not None:
            self.close()
            raise Failure(error.decode(errors="replace").strip())
        return rows


def table(result):
    columns = range(libpq.PQnfields(result))
    return [[libpq.PQgetvalue(result, row, column).decode() for column in columns]
            for row in range(libpq.PQntuples(result))]
