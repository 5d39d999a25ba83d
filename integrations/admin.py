"""Admin pages of this app's packages, imported where Django looks for them."""

from integrations.breakers import admin as breakers
from integrations.calendar import admin as calendar
from integrations.credentials import admin as credentials
from integrations.email import admin as email
from integrations.flags import admin as flags

__all__ = ["breakers", "calendar", "credentials", "email", "flags"]
