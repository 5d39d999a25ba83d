"""The console: what pages of all apps share. An app's own pages are in its `pages.py`."""
