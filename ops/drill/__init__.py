"""The drill of a stack: what a run does, how to start it, and what to watch."""
