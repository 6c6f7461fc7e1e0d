"""The message of a release's commit: a line for people, reasons below it, trailers for programs."""

from __future__ import annotations

from days_to_sell.release.gitops.record import Record

ERROR = "mae_days"
TITLE_LENGTH = 100


def message_of(record: Record, before: Record | None) -> str:
    """Write the message of the commit that puts a record in the place of another.

    Args:
        record: What is to serve.
        before: What was to serve until now; ``None`` where nothing was, or nothing that can be read.
    """
    return f"{_title(record, before)}\n\n{_body(record)}\n\n{_trailers(record)}\n"


def _title(record: Record, before: Record | None) -> str:
    moved = f"{before.version} -> {record.version}" if before else record.version
    said = ", ".join(filter(None, (record.estimator, _error(record, before))))
    title = f"{record.model} {moved}: {said}" if said else f"{record.model} {moved}"
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"


def _error(record: Record, before: Record | None) -> str:
    now = record.figures.get(ERROR)
    if now is None:
        return ""
    was = before.figures.get(ERROR) if before else None
    return f"{now:.1f} d mean absolute error" + (f" (was {was:.1f})" if was is not None else "")


def _body(record: Record) -> str:
    lines = []
    if record.promoted:
        why = f": {record.promoted.reason}" if record.promoted.reason else ""
        lines.append(f"Promoted by {record.promoted.by} at {record.promoted.at}{why}")
    lines.append(f"Proven with {record.golden_rows} golden rows by the {record.engine} engine.")
    lines.append(
        f"Run {record.run or 'unknown'}, code {record.code or 'unknown'}, data {record.data or 'unknown'}."
    )
    return "\n".join(lines)


def _trailers(record: Record) -> str:
    named = {
        "Model": record.model,
        "Model-Version": record.version,
        "Package": record.package.address,
        "Package-Digest": record.package.digest,
        "Image": record.image,
    }
    return "\n".join(f"{name}: {value}" for name, value in named.items() if value)
