"""State machines of calls and messages. Pure.

Sources: https://www.twilio.com/docs/voice/api/call-resource#call-status-values,
https://www.twilio.com/docs/messaging/api/message-resource#message-status-values. Twilio promises
neither that a callback comes, nor that it comes once, nor in order: a status is taken only where
it lies ahead of the present one, and the end is the end.
"""

from ava.intents.states import Machine, ranked

_CALL_ENDS = "completed busy no-answer failed canceled"
CALL = Machine(
    ranks=ranked(
        *("scheduled", "pending", "unknown", "queued", "ringing", "in-progress", _CALL_ENDS)
    ),
    final=frozenset(_CALL_ENDS.split()),
    billed=frozenset({"completed"}),
)

_MESSAGE_ENDS = "read undelivered failed canceled received"
MESSAGE = Machine(
    ranks=ranked(
        *("scheduled", "pending", "unknown", "accepted receiving", "queued", "sending", "sent"),
        *("partially_delivered", "delivered", _MESSAGE_ENDS),
    ),
    final=frozenset({"delivered", *_MESSAGE_ENDS.split()}),
    # Not every carrier reports whether a message was delivered.
    resting=frozenset({"sent", "partially_delivered"}),
    billed=frozenset({"delivered", "read", "undelivered", "received"}),
    exceptions=frozenset({("delivered", "read")}),
)
