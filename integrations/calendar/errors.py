from ava.http.problems import NotFound


class UnknownCalendar(NotFound):
    code = "unknown_calendar"

    def __init__(self, provider: str) -> None:
        super().__init__(
            f"There is no calendar provider {provider[:40]!r}. Use google or microsoft."
        )
