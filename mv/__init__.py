"""Knows music videos, and nothing of Discord."""

__version__ = "0.1.0"
