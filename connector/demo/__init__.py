"""The demo: a workspace that goes through a day, five questions, and the proof that all arrived.

What happens and what is asked is here; `connector.cli.demo` tells the story.
"""
