"""Exactly once at a provider: what every kind of intent shares.

An intent is a row that is stored, with a numbered attempt and the job that looks after it, before
the provider is asked. Its timeline keeps each change of its status.

- `states`: the state machine, and the words until the provider has one.
- `models`: the columns, and the entries of a timeline, as abstract models.
- `timeline`: the row locked and changed, the entry added, the job scheduled.
- `keyed`: submission and pursuit where the provider takes an idempotency key, or an ID of AVA's
  own: what got no answer is sent again under the same key. Mails and calendar events use it;
  calls and messages, whose provider knows no key, search for what was lost (`telephony.intents`).
"""
