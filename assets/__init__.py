"""WHEN it runs: Dagster definitions, thin. Nothing here knows how data moves."""
