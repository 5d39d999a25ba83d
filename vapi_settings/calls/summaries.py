"""Summary mails of calls: what Vapi's report says of one, in words for people."""

from datetime import datetime

from integrations.email.summaries import services
from vapi_settings.calls.events import END_OF_CALL_REPORT, VapiEvent


def listen(event: VapiEvent) -> None:
    """Send the user's summary mail of a call that has ended. Raises: RetryLater."""
    if event.type != END_OF_CALL_REPORT:
        return
    services.send(
        user=event.owner,
        call_id=event.id,
        context={
            "caller": event.person,
            "started_at": _moment(event.started_at),
            "duration": _duration(event.started_at, event.ended_at),
            "outcome": (event.ended_reason or "").replace("-", " "),
            "summary": event.summary or "Vapi wrote no summary of this call.",
            "transcript": event.transcript or "",
        },
    )


def _moment(at: datetime | None) -> str:
    return f"{at:%d %B %Y, %H:%M} UTC" if at else ""


def _duration(start: datetime | None, end: datetime | None) -> str:
    if start is None or end is None or end < start:
        return ""
    minutes, seconds = divmod(round((end - start).total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
