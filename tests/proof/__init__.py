"""The proof that the money is right: many jobs in bad weather, counted by everybody who has anything to count."""
