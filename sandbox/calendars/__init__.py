"""Calendars as Google's and Microsoft's parts share them: time zones, recurrence, stored events."""
