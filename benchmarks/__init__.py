"""Costs of AVA's own mechanisms, as commands that print tables: `script/bench`."""
