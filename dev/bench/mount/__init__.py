"""Start time of a JVM with JARs from S3, by the way it reads them."""
