"""Drill: an outage rehearsed on an AVA and a sandbox of its own, which end with it."""
