"""Lustre: a file system that the executors of teams with `shuffle: lustre` share."""
