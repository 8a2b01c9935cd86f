"""Copies JARs to a stack's bucket as releases that never change: `python -m publisher`."""
