"""Spark jobs for a stack: SparkApplications and checks of a live mount, from a recorded plan."""
