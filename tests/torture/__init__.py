"""The bot as a process that is killed again and again, and what is left of its promises: `make torture`."""
