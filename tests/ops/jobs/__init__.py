"""Jobs and checks from a stack's plan."""
