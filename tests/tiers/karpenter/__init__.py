"""The real Karpenter over the manifests of every stack's plan (docs/testing-karpenter.md)."""
