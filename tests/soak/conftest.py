from __future__ import annotations

# For the fork server alone; the search for doctests would import it among pytest's threads.
collect_ignore = ["preloaded.py"]
