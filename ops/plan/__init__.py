"""Records what a stack would create, and the one model of it that every tool works on."""
