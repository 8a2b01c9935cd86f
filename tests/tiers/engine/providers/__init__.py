"""Stand-ins for the aws, eks and kubernetes plugins, over one cloud that they share.

They check and enforce what the real ones and the services behind them do; what was observed of
those is in docs/testing-engine.md.
"""
