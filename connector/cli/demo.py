"""`productlane-elt demo`."""


def demo() -> None:
    """The whole job."""
