"""Measurements from outside, run by hand: ratios within one run. See CONTRIBUTING, "Measure it"."""
