"""What metrics there are, and whether expressions ask for them."""
