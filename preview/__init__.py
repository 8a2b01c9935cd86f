"""The offline preview: what a stack would create, without cloud, credentials, CLI or plugins."""
