"""Drawings: a record in, what Discord shows out. Pure; they draw, they never act."""
