"""Redis: connections, key families, leases, and a server of our own."""
