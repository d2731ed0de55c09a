"""Describes matplotlib figures as plain facts, and records them before they are closed.

Untrusted side.
"""

import contextlib

import numpy as np

MAX_FIGURES, MAX_AXES, MAX_LINES, MAX_POINTS = 200, 64, 64, 20_000
MAX_IMAGES, MAX_SIDE, MAX_BARS, MAX_TEXT = 64, 128, 256, 500

FAINT = 0.02
"""Of opacity, or of a line's width in points: nobody sees less."""

recorded: list = []  # pairs of the cell's number and the figure
_state = {"cell": -1}


def text(value):
    """A short text of anything."""
    return str(value)[:MAX_TEXT]


def numbers(values):
    """A flat float array, capped. What is no numbers (names of classes) counts from 0."""
    try:
        array = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan).reshape(-1)
    except (TypeError, ValueError):
        array = np.arange(np.size(values), dtype=np.float64)
    return array[:MAX_POINTS]


def describe(figure):
    """Facts of one figure: of each axes its texts, lines, bars and images."""
    suptitle = getattr(figure, "_suptitle", None)
    return {
        "cell": _state["cell"],
        "suptitle": text(suptitle.get_text()) if suptitle is not None else "",
        "axes": [_axes(axes) for axes in figure.axes[:MAX_AXES]],
        "legend": [text(t.get_text()) for legend in figure.legends for t in legend.get_texts()][
            :64
        ],
    }


def _axes(axes):
    from matplotlib.colors import to_hex

    legend = axes.get_legend()
    lines = []
    for line in [line for line in axes.get_lines() if _is_seen(line, axes)][:MAX_LINES]:
        x, y = numbers(line.get_xdata()), numbers(line.get_ydata())
        size = min(x.size, y.size)
        try:
            color = to_hex(line.get_color())
        except (TypeError, ValueError):
            color = ""
        lines.append(
            {
                "x": x[:size],
                "y": y[:size],
                "label": text(line.get_label()),
                "color": color,
                "style": text(line.get_linestyle()),
            }
        )
    clouds = [cloud for cloud in axes.collections if _is_shown(cloud)]
    for collection in clouds[: MAX_LINES - len(lines)]:
        offsets = np.asarray(collection.get_offsets(), dtype=object)
        if offsets.ndim == 2 and offsets.shape[1] == 2 and len(offsets) > 1:
            face = collection.get_facecolor()
            lines.append(
                {
                    "x": numbers(offsets[:, 0]),
                    "y": numbers(offsets[:, 1]),
                    "label": text(collection.get_label()),
                    "style": "points",
                    "color": to_hex(face[0]) if len(face) else "",
                    "colors": _colors(collection),
                }
            )
    bars = [
        {
            "x": float(p.get_x() + p.get_width() / 2),
            "height": float(p.get_height()),
            "y": float(p.get_y() + p.get_height() / 2),
            "width": float(p.get_width()),
        }
        for container in axes.containers
        for p in getattr(container, "patches", [])
    ][:MAX_BARS]
    return {
        "title": text(axes.get_title() or axes.get_title("left") or axes.get_title("right")),
        "xlabel": text(axes.get_xlabel()),
        "ylabel": text(axes.get_ylabel()),
        "legend": [text(t.get_text()) for t in legend.get_texts()][:64] if legend else [],
        "lines": lines,
        "limits": numbers([*axes.get_xlim(), *axes.get_ylim()]),
        "bars": bars,
        "images": [i for i in map(_image, axes.images[:MAX_IMAGES]) if i is not None],
        "texts": [text(t.get_text()) for t in axes.texts[:64]],
        "xticklabels": [text(t.get_text()) for t in axes.get_xticklabels()[:64]],
        "yticklabels": [text(t.get_text()) for t in axes.get_yticklabels()[:64]],
    }


def _is_shown(artist):
    """Whether an artist is not hidden as a whole."""
    alpha = artist.get_alpha()
    return artist.get_visible() and (np.ndim(alpha) > 0 or alpha is None or alpha > FAINT)


def _is_seen(line, axes):
    """Whether a line leaves a trace: it has a width or points, and a colour of its own."""
    from matplotlib.colors import to_hex, to_rgba

    try:
        color, ground = to_rgba(line.get_color()), to_hex(axes.get_facecolor())
        width = line.get_linewidth() if line.get_linestyle() not in ("None", "", " ") else 0
        points = line.get_markersize() if line.get_marker() not in ("None", "", " ", None) else 0
        seen = color[3] > FAINT and to_hex(color) != ground
        return _is_shown(line) and (seen or points > 0) and max(width, points) > FAINT
    except (TypeError, ValueError):
        return True


def _colors(collection):
    """The different colours of a cloud of points, 64 at most."""
    from matplotlib.colors import to_hex

    try:
        values = collection.get_array()
        shades = collection.get_facecolor() if values is None else collection.to_rgba(values)
        return sorted({to_hex(shade) for shade in np.asarray(shades).reshape(-1, 4)})[:64]
    except Exception:
        return []


def _image(image):
    try:
        array = np.asarray(image.get_array(), dtype=np.float32)
    except (TypeError, ValueError):
        return None
    fits = array.ndim in (2, 3) and max(array.shape) <= MAX_SIDE * 10
    return array if fits else None


def record(figure):
    """Keeps a figure that is closed. What it shows is looked up in itself, when that is asked."""
    if len(recorded) < MAX_FIGURES and figure.axes:
        recorded.append((_state["cell"], figure))


def drawn():
    """Facts of the recorded figures; one that can't be described, or is none, is passed over."""
    from matplotlib.figure import Figure

    found = []
    for entry in list(recorded)[:MAX_FIGURES]:
        with contextlib.suppress(Exception):
            cell, figure = entry
            if issubclass(type(figure), Figure):
                found.append(describe(figure) | {"cell": int(cell)})
    return found


def open_figures():
    """The figures that pyplot holds open now."""
    from matplotlib._pylab_helpers import Gcf

    return [manager.canvas.figure for manager in Gcf.get_all_fig_managers()]
