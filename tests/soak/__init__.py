"""Random schedules of changes, faults and crashes, played against the oracle (issue 3)."""
