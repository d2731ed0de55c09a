"""A batch of submissions on its way: what runs where, and in which order."""
