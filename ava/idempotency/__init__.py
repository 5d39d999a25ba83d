"""`Idempotency-Key` on requests not to be done twice (draft-ietf-httpapi-idempotency-key-07)."""
