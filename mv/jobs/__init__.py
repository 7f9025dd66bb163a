"""Jobs run here: which starts next, what becomes of it, and the journal of what it did."""
