"""Tables of the rooms, where Django looks for them."""

from integrations.breakers.models import BreakerControl, BreakerEvent
from integrations.credentials.models import Credential, CredentialChange, OperatorUse
from integrations.flags.models import Flag, FlagOverride

__all__ = [
    "BreakerControl",
    "BreakerEvent",
    "Credential",
    "CredentialChange",
    "Flag",
    "FlagOverride",
    "OperatorUse",
]
