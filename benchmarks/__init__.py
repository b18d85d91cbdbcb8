"""How fast Trine is, beside hand-written servers and its peers: `python -m benchmarks --help`."""
