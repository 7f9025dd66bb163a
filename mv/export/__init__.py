"""Records as files for people and programs: a record in, bytes out; and projects as ZIP files on the disk."""
