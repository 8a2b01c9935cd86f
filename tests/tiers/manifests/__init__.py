"""The tier that lints every manifest with checkov (`make test-manifests`)."""
