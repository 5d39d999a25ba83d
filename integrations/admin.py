"""Admin pages of the rooms, where Django looks for them."""

from integrations.breakers.admin import BreakerControlAdmin, BreakerEventAdmin
from integrations.credentials.admin import (
    CredentialAdmin,
    CredentialChangeAdmin,
    OperatorUseAdmin,
)
from integrations.flags.admin import FlagAdmin

__all__ = [
    "BreakerControlAdmin",
    "BreakerEventAdmin",
    "CredentialAdmin",
    "CredentialChangeAdmin",
    "FlagAdmin",
    "OperatorUseAdmin",
]
