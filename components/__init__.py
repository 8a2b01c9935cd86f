"""The platform's capabilities, one a file: its settings at the top, its resources below."""
