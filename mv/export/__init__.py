"""Records as files for people and programs: pure functions, a record in, bytes out."""
