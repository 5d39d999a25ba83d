"""Provider and policy: what a door is opened with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    label: str  # in metrics, logs and rows, such as "vapi"
    name: str  # in sentences for people, such as "Vapi"


@dataclass(frozen=True, slots=True)
class Policy:
    deadline: float = 10.0  # seconds for the whole operation, its retries included
    connect_timeout: float = 3.0  # seconds for each address of the provider
    # Operations at once, half of them for one tenant; fewer than the server has threads.
    bulkhead: int = 16
    attempts: int = 3  # in one operation, the first included
    backoff: float = 0.2  # seconds; the first pause is a random part, each later one of twice it
    patience: float = 2.0  # seconds; where the provider asks for more it is not tried again
    max_body: int = 10 * 1024 * 1024  # bytes; a longer answer is no answer
