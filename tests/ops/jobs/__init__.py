"""Jobs and checks made from a stack's plan."""
