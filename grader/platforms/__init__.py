"""Learning platforms: what their downloads hold."""
