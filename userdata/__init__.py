"""Files for a node: the mount script, its units, and the code that renders user data."""
