"""Microsoft identity platform and Graph (https://learn.microsoft.com/en-us/graph): the calendar."""

from sandbox.microsoft.provider import Microsoft

__all__ = ["Microsoft"]
