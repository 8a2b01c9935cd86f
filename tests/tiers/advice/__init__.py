"""Advice on real jobs: each runs, is advised, and runs again as advised."""
