"""The warehouse itself: server, roles, schemas, grants, keys, backup; no Dagster in here."""
