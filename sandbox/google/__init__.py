"""Google (https://developers.google.com/workspace/calendar/api/v3/reference): OAuth, Calendar."""

from sandbox.google.provider import Google

__all__ = ["Google"]
