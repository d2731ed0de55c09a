"""What confines a kernel, on which level, and which of them works here."""
