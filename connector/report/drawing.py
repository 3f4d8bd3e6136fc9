"""A chart as SVG: Vega-Lite, drawn without a browser and without a network.

Colours are variables of the page's style, so that one drawing serves by day and by night.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType

import orjson

from connector.errors import ConfigurationError
from connector.report.chart import Spec

VERSION = "6.4"
"""Of Vega-Lite: a later one may draw otherwise."""

FONT = "ui-sans-serif, system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"

STYLE: Spec = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--soft)", "labelFontSize": 12, "labelFont": FONT,
        "gridColor": "var(--line)", "domainColor": "var(--line)", "tickColor": "var(--line)",
        "domain": False, "ticks": False, "labelPadding": 6, "tickCount": 4,
    },
    "axisX": {"domain": True},
    "legend": {
        "orient": "top", "labelColor": "var(--soft)", "labelFontSize": 12, "labelFont": FONT,
        "symbolType": "square", "symbolStrokeWidth": 0, "offset": 8, "direction": "horizontal",
        "columnPadding": 30,
    },
    "text": {"fontSize": 12, "font": FONT},
}  # fmt: skip


@cache
def _library() -> ModuleType:
    try:
        import vl_convert
    except ImportError:
        raise ConfigurationError(
            "charts are drawn by a library that is not installed",
            todo="Run `pip install -e '.[report]'` in your clone, or `pip install "
            "vl-convert-python jinja2`",
        ) from None
    return vl_convert


def svg(spec: Spec, width: int) -> str:
    """The drawing, so many pixels wide with its labels. Raises `ConfigurationError` without one."""
    whole = {
        **spec,
        "width": width,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 0, "right": 4, "top": 4, "bottom": 4},
        "config": STYLE,
    }
    drawn: str = _library().vegalite_to_svg(
        orjson.dumps(whole, default=str).decode(), vl_version=VERSION, allowed_base_urls=[]
    )
    return drawn
