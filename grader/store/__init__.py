"""The store of a result folder: SQLite, its versions, and what becomes text in it."""
