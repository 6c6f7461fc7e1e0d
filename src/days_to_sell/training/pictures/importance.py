"""Importance: what concordance loses when a feature is shuffled between rows (Breiman, 2001)."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from days_to_sell.training.pictures.style import BLUE, GREEN, INK, ORANGE, QUIET, draw, label, legend, name

FEATURE, LOSS, JOINED = "feature", "concordance_loss", "+"
KINDS = {"raw column": BLUE, "derived": GREEN, "shuffled together": ORANGE}
LINE_INCHES = 0.36
READING = (
    "By how much concordance falls when values are shuffled between rows (permutation importance, Breiman "
    "2001). Features that tell one another are also shuffled together, for alone neither seems to matter."
)


def importance(table: pd.DataFrame, made_of: Mapping[str, tuple[str, ...]], subtitle: str) -> Figure:
    """Draw by how much concordance falls, a bar a feature or group, the most important on top.

    Args:
        table: ``feature`` (names joined by ``+`` where they were shuffled together) and
            ``concordance_loss``, a row a shuffle.
        made_of: Derived feature to the raw columns that it is made of.
        subtitle: What is drawn, and of how much data.
    """
    mean = table.groupby(FEATURE)[LOSS].mean().sort_values()
    most = mean.index[-1]
    verb = "are" if JOINED in most else "is"
    title = f"Concordance loses {mean.iloc[-1]:.3f} when {_words(most)} {verb} shuffled"
    height = 1.6 + LINE_INCHES * len(mean)
    figure, (axes,) = draw(title, f"{subtitle}\ndots: single shuffles", height=height)
    label(axes, "loss of concordance (IPCW)")
    place = {feature: at for at, feature in enumerate(mean.index)}
    kinds = [_kind(feature, made_of) for feature in mean.index]
    axes.barh(range(len(mean)), mean, color=[KINDS[kind] for kind in kinds], height=0.62)
    axes.scatter(table[LOSS], table[FEATURE].map(place), s=9, color=INK, zorder=3)
    axes.set_yticks(range(len(mean)), [_label(feature, made_of) for feature in mean.index])
    axes.axvline(0, color=QUIET, linewidth=0.8)
    axes.grid(visible=False, axis="y")
    shown = [Patch(color=colour, label=kind) for kind, colour in KINDS.items() if kind in kinds]
    legend(axes, handles=shown, loc="lower right")
    return figure


def _kind(feature: str, made_of: Mapping[str, tuple[str, ...]]) -> str:
    if JOINED in feature:
        return "shuffled together"
    return "derived" if feature in made_of else "raw column"


def _label(feature: str, made_of: Mapping[str, tuple[str, ...]]) -> str:
    source = made_of.get(feature)
    return f"{name(feature)}\n(from {', '.join(map(name, source))})" if source else _words(feature)


def _words(feature: str) -> str:
    *others, last = feature.split(JOINED)
    return name(f"{', '.join(others)} and {last}" if others else last)
