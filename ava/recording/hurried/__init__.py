"""A replay's AVA: what it waits for, it waits for a few seconds only."""
