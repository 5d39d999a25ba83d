"""Models of this app's packages, imported where Django looks for them."""

from telephony.calls.models import Call, CallEntry
from telephony.messages.models import Batch, Message, MessageEntry, Pace
from telephony.optouts.models import OptOut

__all__ = ["Batch", "Call", "CallEntry", "Message", "MessageEntry", "OptOut", "Pace"]
