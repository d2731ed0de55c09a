"""Dates as Moodle shows them in English and German, without a zone. Pure."""

from __future__ import annotations

import re
from datetime import datetime

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "januar", "jänner"),
            ("february", "februar"),
            ("march", "märz"),
            ("april",),
            ("may", "mai"),
            ("june", "juni"),
            ("july", "juli"),
            ("august",),
            ("september",),
            ("october", "oktober"),
            ("november",),
            ("december", "dezember"),
        ),
        1,
    )
    for name in names
}
DATE = re.compile(
    r"(?P<day>\d{1,2})\.?\s+(?P<month>[^\W\d]+)\s+(?P<year>(?:19[7-9]|2[01]\d)\d),?\s+"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?\s*(?P<half>[AaPp][Mm])?"
)


def find(text: str) -> datetime | None:
    """The first date in a text, local; None if there is none."""
    match = DATE.search(text)
    if match is None or match["month"].casefold() not in MONTHS:
        return None
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    try:
        return datetime(
            int(match["year"]),
            MONTHS[match["month"].casefold()],
            int(match["day"]),
            hour,
            int(match["minute"]),
            int(match["second"] or 0),
        )
    except ValueError:
        return None
