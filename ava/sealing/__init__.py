"""Sealed columns: secrets that open only in their own row and column, for their own owner."""
