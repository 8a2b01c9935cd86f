"""Metrics, alerts, dashboards and costs of the platform and of the jobs on it."""
