"""What runs on a node: the mount script, its unit, and how they get there."""
