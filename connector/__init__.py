"""HOW the data moves: client, walk, decode, lake, warehouse, sync. No Dagster here."""
