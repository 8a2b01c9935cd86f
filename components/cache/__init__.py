"""Caches of data on the nodes that read it."""
