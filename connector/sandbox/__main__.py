"""`python -m connector.sandbox`: the process behind `start_process`."""

from connector.sandbox.process import child

child()
