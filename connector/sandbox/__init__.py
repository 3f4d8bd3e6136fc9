"""A Productlane that lives on your machine: the API of the reference, on loopback.

>>> from connector.sandbox import Sandbox
>>> with Sandbox(threads=50) as box:
...     len(box.workspace.live("threads"))
50
"""

from connector.sandbox.box import Sandbox
from connector.sandbox.clock import Clock
from connector.sandbox.exchange import Request
from connector.sandbox.faults import Fault
from connector.sandbox.process import serve, start_process
from connector.sandbox.readings import Readings
from connector.sandbox.workspace import Workspace

__all__ = [
    "Clock",
    "Fault",
    "Readings",
    "Request",
    "Sandbox",
    "Workspace",
    "serve",
    "start_process",
]
