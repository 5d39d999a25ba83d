"""Doctor: what is wrong with an installation, each with its remedy. `manage.py doctor` shows it.

A check is a generator of findings about one item. It gets a `Look`: the time, and the answers of
all addresses, which are asked at once and with a limit, before the first check.
"""
