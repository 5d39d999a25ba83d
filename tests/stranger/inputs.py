"""Inputs of strangers: each kind of header and body that has harmed a server before."""

MEGABYTE = 1024 * 1024 - 100
LONGEST_HEADER = 8190

CHARSETS = ("punycode", "zlib", "hex", "undefined", "idna", "utf-16", "latin-1", '"', "\xff")
MEDIA_TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "multipart/mixed; boundary=" + "b" * 200,
    "text/plain",
    "application/xml",
    "*/*",
    "",
    "/",
    ";=;",
    "a" * LONGEST_HEADER,
)
CONTENT_TYPES = (
    *MEDIA_TYPES,
    *(f"{kind}; charset={name}" for kind in MEDIA_TYPES[:3] for name in CHARSETS),
    "application/json; a*=undefined''%41",
    "application/json; charset*0=puny; charset*1=code",
    "application/json" + ';"' * 4000,
)
CODINGS = ("gzip", "deflate", "br", "zstd", "identity", "gzip, gzip", "\xff")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO")
# Which headers something reads: AVA, Django, DRF, whitenoise, a proxy's words included.
HEADERS = (
    "ACCEPT", "ACCEPT_CHARSET", "ACCEPT_ENCODING", "ACCEPT_LANGUAGE", "AUTHORIZATION", "COOKIE",
    "HOST", "IDEMPOTENCY_KEY", "IF_MATCH", "IF_MODIFIED_SINCE", "IF_NONE_MATCH", "ORIGIN", "RANGE",
    "REFERER", "TRANSFER_ENCODING", "X_CORRELATION_ID", "X_CSRFTOKEN", "X_FORWARDED_FOR",
    "X_FORWARDED_PROTO", "X_TWILIO_SIGNATURE", "X_VAPI_SECRET", "X_VAPI_SIGNATURE",
)  # fmt: skip
VALUES = (
    "\xff\xfe",
    "\t",
    "9" * 5000,
    "*/*;q=" + "9" * 4000,
    "*/*," * 2000,
    ';"' * 4000,
    '"\\' * 4000,
    'W/"a",' * 1300,
    "a=b;" * 2000,
    "bytes=0-," * 900,
    "Wed, 21 Oct 99999 07:28:00 GMT",
    "Bearer " + "." * 8000,
)
QUERIES = (
    "a=1&" * 2000,
    "&" * LONGEST_HEADER,
    "%ff%fe%00",
    "\xff",
    "q=%F0" * 1600,
    "page=%00&limit=" + "9" * 5000 + "&cursor=" + "a" * 2000,
    "format=x&version=" + "9" * 4000 + "&lang=\xff&next=//elsewhere",
)

_PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n'
BODIES = {
    "a number of a megabyte": b'{"a":' + b"9" * MEGABYTE + b"}",
    "long numbers": b'{"a":[' + b",".join([b"9" * 4299] * 243) + b"]}",
    "numbers that are none": b'{"a":[NaN,Infinity,1e400]}',
    "nested arrays": b"[" * MEGABYTE,
    "nested objects": b'{"a":' * (MEGABYTE // 5),
    "one key again and again": b"{" + b",".join([b'"a":1'] * 170_000) + b"}",
    "many keys": b"{" + b",".join(b'"%d":1' % n for n in range(90_000)) + b"}",
    "half characters": b'{"identifier":"\\ud800","password":"\\udfff\\u0000"}',
    "no UTF-8": b'{"identifier":"' + b"\xff" * MEGABYTE + b'"}',
    "zeros": b"\0" * MEGABYTE,
    "many fields": b"&".join([b"a=1"] * 260_000),
    "no fields": b"&" * MEGABYTE,
    "broken escapes": b"a=" + b"%f0" * (MEGABYTE // 3),
    "many boundaries": b"--b\r\n" * (MEGABYTE // 5),
    "many parts": (_PART + b"\r\nx\r\n") * 18_000,
    "almost boundaries": _PART + b"\r\n" + b"\r\n--" * (MEGABYTE // 4 - 30),
    "a part of blanks": _PART + b"Content-Transfer-Encoding: base64\r\n\r\n" + b" " * 1_000_000,
    "a part's own charset": b"--b\r\nContent-Disposition: form-data; name*=undefined''%41\r\n\r\nx",
}
"""Each is read as whatever the Content-Type says it is."""
