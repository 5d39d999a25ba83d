"""Chaos: everything fails at once, again and again, and in the end the count is right."""
