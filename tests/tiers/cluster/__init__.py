"""Every Kubernetes object of every stack against a real API server (docs/testing-cluster.md)."""
