"""What people hand in: folders, archives, tables, and whose they are."""
