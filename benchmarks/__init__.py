"""Figures, each with the command that measures it: `python -m benchmarks.NAME`."""
