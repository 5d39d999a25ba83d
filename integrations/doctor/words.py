"""Words of findings."""

from collections.abc import Sequence

from ava.management.base import several

__all__ = ["joined", "several", "size"]

_SHOWN = 5


def joined(names: Sequence[str]) -> str:
    """The first few of them."""
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def size(octets: float) -> str:
    """Bytes in the largest unit of which there is one."""
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    while octets >= 1024 and len(units) > 1:
        octets /= 1024
        units.pop(0)
    return f"{octets:.0f} {units[0]}"
