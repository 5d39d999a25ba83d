"""The one door in, for webhooks.

Every webhook passes the same steps: method, size, verification over the raw bytes, its account's
rate limit, storage, acknowledgement; what it means is worked out by a job. A provider gives its
`Source` (ava.inbound.source) to `ava.inbound.door.view`, and its handler to `register_handler`.
"""

from ava.inbound.registry import register_handler

__all__ = ["register_handler"]
