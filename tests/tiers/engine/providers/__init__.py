"""Stand-ins for the aws, eks and kubernetes plugins, over one cloud that they share. They refuse
what the real ones and the services behind them do: docs/testing-engine.md."""
