"""What a change does: two plans compared, and the consequences on the running platform."""
