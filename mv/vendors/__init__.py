"""Adapters of the vendors, and the offline engines that stand in for them. Nobody but `mv.app` knows this room."""
