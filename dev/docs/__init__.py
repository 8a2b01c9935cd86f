"""What documents take from the code: tables, outputs of commands, pictures."""
