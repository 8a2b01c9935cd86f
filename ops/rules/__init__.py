"""Rules over a recorded plan, each with its reason and source."""
