"""Spark on the platform: teams and what they run."""
