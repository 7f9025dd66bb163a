"""What a member can do, a stem a file. Services know ports; they never know a vendor, SQL or Discord."""
