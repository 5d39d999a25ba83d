"""Erasure of one person's data, by phone number or e-mail address: redacted, and rows stay.

- `person`: the spellings of a number or an address, and what stands in their place.
- `steps`: what an app knows of a person beside the number itself: what was said, written, sent.
- `sweep`: every other text in the database in which the number or address stands.
"""
