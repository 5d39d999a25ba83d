"""Sealed columns: secrets that only open in the row, column and hands they were stored for."""
