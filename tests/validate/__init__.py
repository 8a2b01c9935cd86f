"""Validates manifests, Helm values and add-on configurations, one line of text for each error.

Custom resources and charts are validated against the real CRDs and chart values in a folder beside
this repository (`reference`), built-in kinds against Kubernetes' own schemas.
"""
