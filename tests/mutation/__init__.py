"""The mutation run (`make mutate`): removes each guard of the program once and records which check
detects it."""
