"""``days-to-sell step register``: one version of what was converted, and its gates."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import click
import mlflow

from days_to_sell.cli.events import find_log
from days_to_sell.cli.step.options import step_options, step_run
from days_to_sell.cli.step.taken import checked_data, said_done
from days_to_sell.errors import LeaseError
from days_to_sell.registry.register import evaluate_gates
from days_to_sell.registry.register import register as register_model
from days_to_sell.registry.versions import Registry

# A registration takes a second or two; who held the right longer than this was killed.
LEASE_SECONDS, WAIT_SECONDS = 60.0, 120.0


@click.command()
@step_options
def register(folder: str, lake: str, snapshot: str) -> None:
    """Register what was converted as one version, however often this is run, and evaluate its gates.

    \b
    Example:
      days-to-sell step register --lake build/lake --snapshot 2025-06-30
    """
    with step_run("register", folder, lake, snapshot) as (model, flow):
        data, spec, registry = checked_data(flow), model.spec, Registry()
        converted = flow.needed("convert", data.key).left
        if said_done("register", flow.found("register", data.key), digest=converted["digest"]):
            return
        with _alone(f"register {spec.name}"):
            version = register_model(
                spec,
                converted["model_id"],
                registry=registry,
                flavors=converted["flavors"],
                tags=converted["tags"],
                description=converted["description"],
                report=click.echo,
            )
        evaluate_gates(spec, version, registry=registry, report=click.echo)
        mlflow.set_tag("version", version.version)
        left = {"version": version.version, "digest": converted["digest"]}
        flow.finish(data.left["manifest"]["snapshot"], data.key, left)


@contextmanager
def _alone(what: str) -> Iterator[None]:
    """Let nobody else register the model meanwhile: two at once would each find no version, and make one."""
    leases, holder, deadline = find_log().leases, uuid.uuid4().hex, time.monotonic() + WAIT_SECONDS
    while (lease := leases.acquire(what, holder, LEASE_SECONDS)) is None:
        if time.monotonic() > deadline:
            raise LeaseError(f"another program holds the right to {what}; run this step again when it ended")
        time.sleep(1)
    try:
        yield
    finally:
        leases.release(lease)
