"""Capacity of a recorded plan: what its limits allow, and which limit is reached first."""
