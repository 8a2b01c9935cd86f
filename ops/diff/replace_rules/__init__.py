"""How providers handle a changed input, as tables with a source per row."""
