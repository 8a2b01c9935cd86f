"""The real Prometheus and its operator over monitors and rules (docs/testing-metrics.md)."""
