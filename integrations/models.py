"""The tables of the sub-rooms, where Django looks for them."""

from integrations.credentials.models import Credential, CredentialChange
from integrations.flags.models import Flag, FlagOverride

__all__ = ["Credential", "CredentialChange", "Flag", "FlagOverride"]
