"""Copies JARs to a stack's bucket as releases that never change: `make publish-jars`."""
