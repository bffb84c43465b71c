"""Long work on the server: described, shared, bounded, and found again; computed only while somebody looks."""
