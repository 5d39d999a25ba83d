"""Domain names in ASCII by IDNA 2008, as today's mail servers and browsers read them.

Python's own codec knows IDNA 2003 alone, which takes straße.de for strasse.de: somebody else's.
"""


def to_ascii(domain: str) -> str:
    """The domain in ASCII and small letters. Raises: ValueError, where DNS cannot have it."""
    if domain.isascii():
        return domain.lower()
    import idna  # its tables of all scripts: most processes never need them

    return idna.encode(domain, uts46=True).decode()
