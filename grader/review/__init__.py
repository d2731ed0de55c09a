"""Pages for marking by hand: a server on this machine alone, over one result folder."""
