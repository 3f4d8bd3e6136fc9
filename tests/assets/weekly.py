"""Our code location with partitions of weeks."""

from assets.definitions import build

defs = build(grain="week")
