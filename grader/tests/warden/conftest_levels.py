"""The levels of separation that tests go through; a level that this machine refuses is an error, not a skip."""

LEVELS = ["uids", "namespaces", "none"]
