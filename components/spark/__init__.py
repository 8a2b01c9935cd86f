"""Spark on the platform: teams, operator, scheduler and History Servers."""
