"""Rules over a recorded plan: what a stack must not do, why, and who says so."""
