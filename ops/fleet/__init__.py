"""Several clusters from one file: their stacks, checks across them, their roll-out, and where a
job goes."""
