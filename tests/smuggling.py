"""Requests that two servers in a row may end at different bytes: a second one hides behind."""

# What hyper refuses by itself: it says so, closes, and AVA never sees it.
REFUSED = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "a list of lengths": b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": b"Content-Length: +2\r\n\r\n{}",
    "an endless length": b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n{}",
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n{}",
    "chunked is not the last coding": b"Transfer-Encoding: chunked, gzip\r\n\r\n{}",
    "a zero byte": b"X-Odd: a\0b\r\n\r\n",
    "a name that is none": b"X\xff: a\r\n\r\n",
    "a folded line": b"X-Odd: a\r\n b\r\n\r\n",
    "a carriage return": b"X-Odd: a\rb\r\n\r\n",
}
# What AVA refuses: no body that comes in chunks is read, whatever else is said of its length.
_CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"
CHUNKED = {
    "chunks": b"Transfer-Encoding: chunked\r\n\r\n" + _CHUNKS,
    "a length, and chunks": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n" + _CHUNKS,
    "chunks, and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n" + _CHUNKS,
    "chunks that are none": b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n" + _CHUNKS,
}
# What a proxy may pass on, having taken what hides for a body.
_BOTH = b"Content-Length: %(length)d\r\n\r\n0\r\n\r\n"
HIDDEN = {
    "a length that covers it": b"Content-Length: %(length)d\r\n\r\n",
    "a length of zero": b"Content-Length: 0\r\n\r\n",
    "a coding in capitals": b"Transfer-Encoding: CHUNKED\r\n" + _BOTH,
    "a coding after a tab": b"Transfer-Encoding:\tchunked\r\n" + _BOTH,
    "chunks that end early": b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk with an extension": b"Transfer-Encoding: chunked\r\n\r\n0;a=\n\r\n\r\n",
    "lines that end in a newline": b"Transfer-Encoding: chunked\n\n0\n\n",
}


def request(path: str, shape: str, second: bytes) -> bytes:
    """A POST of that shape, with another request behind it."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    rest = {**REFUSED, **CHUNKED, **HIDDEN}[shape]
    return head.encode() + rest.replace(b"%(length)d", str(len(second)).encode()) + second
