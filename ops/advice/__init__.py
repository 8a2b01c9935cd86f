"""Advice on the size of a job, from its Spark event logs."""
