"""Logs of pods that outlive their node: Fluent Bit on every node, and where it sends them."""
