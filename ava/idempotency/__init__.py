"""`Idempotency-Key` on requests not to be done twice (draft-ietf-httpapi-idempotency-key-07).

`ava.idempotency.services.run` wraps the doing; `ava.idempotency.api.answer` is that for a DRF view.
"""
