"""Believable records from a seed, per area of the API."""
