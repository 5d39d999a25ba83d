"""Models of this app's packages, imported where Django looks for them."""

from integrations.breakers import models as breakers
from integrations.calendar import models as calendar
from integrations.credentials import models as credentials
from integrations.email import models as email
from integrations.email.summaries import models as summaries
from integrations.email.suppressions import models as suppressions
from integrations.flags import models as flags
from integrations.notifications import models as notifications

__all__ = [
    "breakers",
    "calendar",
    "credentials",
    "email",
    "flags",
    "notifications",
    "summaries",
    "suppressions",
]
