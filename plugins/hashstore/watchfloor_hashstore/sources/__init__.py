"""Where the store is filled from: MISP's database, and files of its events."""
