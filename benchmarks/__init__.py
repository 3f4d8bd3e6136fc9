"""Long measurements, run by hand: ratios within one run. See README, "Measured"."""
