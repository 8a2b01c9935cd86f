"""Capacity on paper: how far a recorded plan reaches, and which limit it meets first."""
