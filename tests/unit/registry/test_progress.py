"""How far a long transfer is."""

from __future__ import annotations

from days_to_sell.registry.progress import Progress


def test_a_transfer_tells_every_other_second_and_a_quick_one_never() -> None:
    """A line comes where the last one was two seconds ago, with all that was counted meanwhile."""
    said: list[str] = []
    now = [0.0]
    progress = Progress("fetching bundle.zip", 9_000_000, said.append, clock=lambda: now[0])
    for at in (0.5, 1.9, 2.1, 2.2, 4.0, 4.2):
        now[0] = at
        progress.more(1_000_000)

    assert said == ["fetching bundle.zip: 3 of 9 MB", "fetching bundle.zip: 6 of 9 MB"]
