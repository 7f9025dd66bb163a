"""Where records and files are kept: SQL and object storage, behind the ports `Records` and `Media`."""
