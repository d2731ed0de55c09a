"""From stored facts to grades. Runs nothing, and imports nothing of the sandbox."""
