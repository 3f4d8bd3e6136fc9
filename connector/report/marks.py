"""Marks that several charts share, as Vega-Lite."""

from __future__ import annotations

from typing import Any

from connector.report.chart import Rows, Spec

WIDE, NARROW = 680, 330
"""Widths in pixels, labels included: a page is shown on a desk or on a phone."""

LETTER = 7.6
"""Pixels of a letter in a wide font. Which font a reader has is not known here, so room is left."""


def time_axis(every: int) -> dict[str, Any]:
    """An axis of named spans with a label at every so many-th of them, counted from the newest."""
    return {
        "title": None, "labelAngle": 0, "grid": False, "ticks": False, "labelOverlap": False,
        "labelExpr": f"(length(domain('x')) - 1 - indexof(domain('x'), datum.value)) % {every} == 0"
                     " ? datum.label : ''",
    }  # fmt: skip


def told_apart(name: str, rows: Rows, most: int) -> Rows:
    """The same rows with names of so many letters at most.

    Where names are alike, letters without width make them bars of their own.
    """
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        label = shortened(str(row[name]), most)
        seen[label] = seen.get(label, -1) + 1
        found.append({**row, name: label + "\u200b" * seen[label]})
    return found


def shortened(text: str, most: int) -> str:
    """So many letters of a text at most, on one line.

    >>> shortened("Export to CSV", 20), shortened("Export to CSV", 8)
    ('Export to CSV', 'Export…')
    """
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1].rstrip()}…"


def bars(name: str, rows: Rows, parts: dict[str, str], *, wide: bool, spelt: str = "") -> Spec:
    """A bar for each row, in its order, made of parts (column: colour); its length stands beside.

    `spelt` is the column that says the length in words; without, the sum of the parts does.
    """
    names = list(parts)
    length = " + ".join(f"datum['{part}']" for part in names)
    most = 26 if wide else 17
    rows = told_apart(name, rows, most)
    room = max(len(row[name]) for row in rows) * LETTER + 8
    longest = max(sum(row[part] for part in names) for row in rows)
    beside = max(len(str(row.get(spelt, "1,234"))) for row in rows) * LETTER + 6
    share = (WIDE if wide else NARROW) - room
    y = {
        "field": name, "type": "ordinal", "sort": None, "title": None,
        "axis": {"minExtent": room, "labelLimit": room, "ticks": False, "domain": False,
                 "labelPadding": 8},
    }  # fmt: skip
    reach = (longest or 1) * share / (share - beside)
    x = {"type": "quantitative", "title": None, "axis": None,
         "scale": {"domain": [0, reach], "nice": False}}  # fmt: skip
    colour = {"field": "part", "type": "nominal", "title": None, "sort": names,
              "scale": {"domain": names, "range": list(parts.values())},
              **({"legend": None} if len(names) == 1 else {})}  # fmt: skip
    return {
        "height": {"step": 26},
        "data": {"values": rows},
        "encoding": {"y": y},
        "layer": [
            {"transform": [{"fold": names, "as": ["part", "n"]},
                           {"calculate": f"indexof({names!r}, datum.part)", "as": "place"}],
             "mark": {"type": "bar", "height": {"band": 0.68}, "cornerRadius": 1.5},
             "encoding": {"x": {"field": "n", **x}, "color": colour,
                          "order": {"field": "place"}}},
            {"transform": [{"calculate": length, "as": "length"}],
             "mark": {"type": "text", "align": "left", "dx": 6, "color": "var(--ink)"},
             "encoding": {"x": {"field": "length", **x},
                          "text": {"field": spelt or "length"}}},
        ],
    }  # fmt: skip
