"""Records the resources that a stack would create, as the model that all tools read."""
