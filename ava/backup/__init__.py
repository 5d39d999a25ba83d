"""Backup and restore of the database, with a manifest, and never with the keys.

- `manifest`: what a backup says of itself: migrations, rows, checksums, fingerprints of keys.
- `sqlite`, `postgresql`: the copy, consistent while AVA runs, and its way back.
- `holding`: after a restore of an old state nothing is done a second time: apps register what
  they hold back.
"""
