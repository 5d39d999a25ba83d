"""Provider as the door out knows it, and the limits of what is sent to it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """A provider.

    Args:
        label: its name in metrics, logs and rows, such as "vapi".
        name: its name in sentences for people, such as "Vapi".
    """

    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What one operation may cost.

    Args:
        deadline: seconds one operation may take in all, its retries included.
        connect_timeout: seconds to wait for each address of the provider.
        bulkhead: operations that may run at once, half of them for one tenant; smaller than the
            server's thread count.
        attempts: tries in one operation, the first included.
        backoff: seconds; the first pause is a random part of it, each later one of twice as much.
        patience: seconds; a provider that asks for a longer pause is not tried again.
        max_body: bytes; a longer answer is no answer.
    """

    deadline: float = 10.0
    connect_timeout: float = 3.0
    bulkhead: int = 16
    attempts: int = 3
    backoff: float = 0.2
    patience: float = 2.0
    max_body: int = 10 * 1024 * 1024
