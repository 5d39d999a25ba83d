"""How long Redis may take, and whose time it was.

In a busy process a thread wakes long after what it waits for is there: each other thread that
computes may keep it for 5 ms. That is no fault of Redis', and the kernel knows the difference.
"""

import socket
import struct
import sys
from dataclasses import dataclass

GRACE = 0.01
"""Seconds more for an answer, asked for only then. Where the whole machine stood still for a while,
this process wakes with its time over while Redis had none to answer."""

GLANCE = 0.002
"""Seconds. A shorter wait needs no closer look at whose it was."""

# What the kernel knows of a connection: struct tcp_info in linux/tcp.h. How many milliseconds ago
# data was last sent and received, and how many microseconds a round trip takes.
_TCP_INFO = getattr(socket, "TCP_INFO", None) if sys.platform.startswith("linux") else None
_LAST_SENT, _LAST_RECEIVED, _ROUND_TRIP, _TOLD = 44, 52, 68, 72


class Deadline:
    """How long the other side may take for a command with all it needs.

    What this process takes for itself does not count: in a busy one a thread wakes long after what
    it waits for is there.

    Args:
        seconds: all in all.

    Attributes:
        waited: seconds, up to now.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._may_be_late = True
        self.waited = 0.0

    def left(self) -> float:
        """Seconds; never quite none, for a socket takes 0 for something else."""
        return max(self._seconds - self.waited, 0.0005)

    def grant_grace(self) -> bool:
        """Whether there was some left to grant."""
        granted, self._may_be_late = self._may_be_late, False
        return granted


@dataclass(frozen=True)
class Clock:
    """What a wait was for the other side and the network, to a tick of the kernel's clock (some
    4 ms).

    Args:
        between: seconds between what was last sent and what was last received.
        round_trip: seconds of one, as measured when the connection was opened or later.
    """

    between: float
    round_trip: float


def clock_of(connection: socket.socket, took: float) -> Clock:
    """The kernel's view of a wait.

    Args:
        took: seconds by this process' own clock; they have to do where the kernel tells nothing.
    """
    if took < GLANCE or _TCP_INFO is None:
        return Clock(took, took)
    told = connection.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _TOLD)
    sent, received, trip = (
        struct.unpack_from("I", told, at)[0] for at in (_LAST_SENT, _LAST_RECEIVED, _ROUND_TRIP)
    )
    return Clock(min(took, max(sent - received, 0) / 1e3), min(took, trip / 1e6))
