"""Legal and local terms with their basis, and the snapshot of the law that others are handed."""
