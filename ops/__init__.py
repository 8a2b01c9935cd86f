"""The tools over a recorded plan: `python -m ops <verb>`, without cloud or credentials."""
