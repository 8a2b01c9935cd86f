"""The judges of an application, one for each concern: what is found, and what mends it."""
