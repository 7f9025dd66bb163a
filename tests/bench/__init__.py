"""How fast the bot is, against baselines measured in the same run: `make bench`, or `python -m tests.bench a b`."""
