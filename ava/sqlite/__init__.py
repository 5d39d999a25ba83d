"""SQLite as Django's database backend, with an order among those who want to write.

SQLite has one writer at a time. Whoever finds it taken sleeps and looks again, each time longer, up
to a tenth of a second, and whoever comes meanwhile is let in before: some wait a hundred times as
long as others. Here the threads of one process stand in line, and whose patience ends first comes
first. Between processes SQLite's own waiting remains.
"""
