"""How far ahead calls and messages may be asked for."""

from datetime import timedelta

LATEST = timedelta(days=35)
