"""What providers do with a changed input, as tables with a source per row."""
