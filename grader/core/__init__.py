"""The nouns, and what everything else stands on. Imports nothing above it."""
