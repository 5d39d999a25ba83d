"""Flight recorder: an incident captured as a scenario without secrets, and played again.

capture   the rows under a correlation ID -> Scenario   (`parts`: what each app knows)
replay    Scenario -> a fresh AVA and sandbox -> the same tracks, or not
"""
