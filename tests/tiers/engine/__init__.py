"""The engine tier: every stack on the real Pulumi engine, over stand-ins for the providers."""
