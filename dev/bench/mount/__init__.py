"""How long a JVM takes to start on JARs from S3, by how they reach it."""
