"""Messages and comments of a thread, drawn when somebody asks for them (REFERENCE 2)."""

from __future__ import annotations

from dataclasses import dataclass

from connector.sandbox.entropy import Draw
from connector.sandbox.sample import words
from connector.sandbox.sample.seeds import DAY, Record, Seeds, sentences

CHANNELS = ("email", "email", "slack", "chat", "live_chat")


@dataclass(frozen=True)
class Plan:
    """How a conversation went: the moment and the direction of each message."""

    channel: str
    moments: tuple[int, ...]
    outbound: tuple[bool, ...]

    @property
    def last(self) -> int:
        """The moment of the newest message."""
        return self.moments[-1]

    @property
    def last_inbound(self) -> int:
        """The customer's latest message; the first one is always theirs."""
        return max(m for m, out in zip(self.moments, self.outbound, strict=True) if not out)

    @property
    def last_outbound(self) -> int | None:
        """The team's latest message, if there is one."""
        pairs = zip(self.moments, self.outbound, strict=True)
        return max((m for m, out in pairs if out), default=None)


def plan(seeds: Seeds, number: int, created: int) -> Plan:
    """The conversation of the n-th thread; most are short, one in a hundred is very long."""
    draw = seeds.draw("talk", number)
    count = 50 + draw.below(30) if draw.chance(0.01) or number == 11 else 1 + draw.below(3)
    span = min(14 * DAY, max(0, seeds.end - created))
    span = int(span * draw.unit())
    pattern = draw.bits()
    moments = tuple(seeds.floor(created + span * k // max(1, count - 1)) for k in range(count))
    outbound = tuple(k > 0 and bool(pattern >> (k % 16) & 1) for k in range(count))
    return Plan(draw.pick(CHANNELS), moments, outbound)


def messages(seeds: Seeds, thread: Record, number: int) -> list[Record]:
    """The messages of the n-th thread, oldest first."""
    talk = plan(seeds, number, thread["created_at"])
    return [
        opening(thread) if k == 0 else _message(seeds, thread, talk, number, k)
        for k in range(len(talk.moments))
    ]


def opening(thread: Record) -> Record:
    """The synthesised first message: its id is derived from the thread's (REFERENCE 2)."""
    stamp = thread["created_at"]
    return {
        **blank(thread["id"], thread["id"], stamp),
        "type": "feedback",
        "subject": thread["title"],
        "text": thread["text"],
        "html": thread["text"],
    }


def _message(seeds: Seeds, thread: Record, talk: Plan, number: int, k: int) -> Record:
    draw, out = seeds.draw("messages", number, k), talk.outbound[k]
    text = sentences(draw, 1 + draw.below(3))
    chat = talk.channel == "live_chat"
    return {
        **blank(draw.id(), thread["id"], talk.moments[k]),
        "type": talk.channel,
        "direction": "outbound" if out else "inbound",
        "subject": _subject(thread, talk.channel),
        "text": text,
        "html": f"<p>{text}</p>",
        "from": _sender(draw, out),
        "to": None if chat else ["support@workspace.example"],
        "attachments": [{"name": "shot.png", "size": 20480}] if draw.chance(0.1) else [],
        "user_id": seeds.some("members", draw) if out and not chat else None,
    }


def _subject(thread: Record, channel: str) -> str | None:
    return f"Re: {thread['title'] or words.SUBJECTS[0]}" if channel == "email" else None


def _sender(draw: Draw, out: bool) -> object:
    if draw.chance(0.1):
        return "Someone <someone@mail.example>"
    return {"name": None, "email": "team@workspace.example" if out else "customer@mail.example"}


def blank(message_id: str, thread_id: str, stamp: int) -> Record:
    """An inbound message without content."""
    return {
        "id": message_id,
        "thread_id": thread_id,
        "type": "email",
        "direction": "inbound",
        "subject": None,
        "text": None,
        "html": None,
        "from": None,
        "to": None,
        "cc": [],
        "bcc": None,
        "attachments": [],
        "user_id": None,
        "created_at": stamp,
        "updated_at": stamp,
    }


def comments(seeds: Seeds, thread: Record, number: int) -> list[Record]:
    """The internal notes of the n-th thread; most threads have none."""
    draw = seeds.draw("notes", number)
    count = 3 if number == 11 else max(0, draw.below(8) - 5)
    return [_comment(seeds, thread, number, k) for k in range(count)]


def _comment(seeds: Seeds, thread: Record, number: int, k: int) -> Record:
    draw = seeds.draw("comments", number, k)
    moment = thread["created_at"] + int((seeds.end - thread["created_at"]) * draw.unit() * 0.1)
    stamp = max(thread["created_at"], seeds.floor(moment))
    return {
        "id": draw.id(),
        "thread_id": thread["id"],
        "content": f"<p>{draw.pick(words.SENTENCES)}</p>",
        "attachments": [],
        "user_id": seeds.some("members", draw),
        "created_at": stamp,
        "updated_at": stamp,
    }
