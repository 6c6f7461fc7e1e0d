"""MLflow's registry store with a door to Production, whichever way a change comes.

A change and its event are one transaction: what MLflow acknowledged is in the log, and what failed is not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
from mlflow.entities.model_registry.model_version_stages import STAGE_ARCHIVED, get_canonical_stage
from mlflow.utils.validation import _validate_model_version
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from days_to_sell.errors import RegistryError
from days_to_sell.registry.events import chain
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.tables import create_tables
from days_to_sell.registry.gates import door
from days_to_sell.registry.overriding import GATED_TAG, OVERRIDE_TAG
from days_to_sell.registry.store import override, production
from days_to_sell.registry.store.asker import asker
from days_to_sell.registry.store.bytes import digest_of
from days_to_sell.registry.store.incumbent import promoted_digest
from days_to_sell.registry.store.production import Production, is_production
from days_to_sell.registry.store.refusal import Refusal
from days_to_sell.registry.store.sessions import JoiningSessions
from days_to_sell.registry.versions import ALIAS, STAGE
from days_to_sell.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judge:
    """What decides at the door.

    Args:
        spec_of: Finds the installed spec of a registered model.
        refusals: Says what speaks against a version.
        digest_of: Gives the package digest behind a version's source.
        settings: Gives the settings, which name who may override.
    """

    spec_of: Callable[[str], Any] = field(default=door.spec_of)
    refusals: Callable[..., tuple[str, ...]] = field(default=door.refusals)
    digest_of: Callable[[str], str] = field(default=digest_of)
    settings: Callable[[], Settings] = field(default=Settings.from_env)


class Gated:
    """Put before one of MLflow's SQL stores in a class's bases, it guards Production.

    Args:
        db_uri: The database, without our prefix.
        read_db_uri: A read replica of it, if there is one.
        judge: What decides at the door.
    """

    def __init__(self, db_uri: str, read_db_uri: str | None = None, judge: Judge | None = None) -> None:
        super().__init__(db_uri, read_db_uri=read_db_uri)  # type: ignore[call-arg]
        self._judge = judge or Judge()
        self.ManagedSessionMaker = JoiningSessions(self.ManagedSessionMaker)  # type: ignore[has-type]
        create_tables(self.engine)  # type: ignore[attr-defined]

    def get_registered_model(self, name: str) -> Any:
        """Give a model, which says of itself that it is gated: a tag that no table holds."""
        mlflow: Any = super()
        found = mlflow.get_registered_model(name)
        if self._judge.spec_of(name) is not None:
            found._add_tag(RegisteredModelTag(GATED_TAG, "by the registry's store"))
        return found

    def promote_overriding(self, name: str, version: str, reason: str) -> Any:
        """Promote a version past red gates, as a request with the header of an override does."""
        return self._promote(name, _validate_model_version(version), "override", reason)

    def transition_model_version_stage(
        self, name: str, version: str, stage: str, archive_existing_versions: bool
    ) -> Any:
        """Move a version to a stage; Production is entered through the gates, and left by archiving."""
        mlflow: Any = super()
        wanted = get_canonical_stage(stage)
        if self._judge.spec_of(name) is None:
            return mlflow.transition_model_version_stage(name, version, stage, archive_existing_versions)
        number = _validate_model_version(version)
        if wanted == STAGE:
            return self._promote(name, number, "stage")
        with self._change(name, "stage") as (_, before):
            leaves = number in before.versions
            if leaves and wanted != STAGE_ARCHIVED:
                raise _in_production(name, number, f"be moved to {wanted}")
            mlflow.transition_model_version_stage(name, number, stage, archive_existing_versions)
            for alias, named in before.aliases:
                if named == number:
                    mlflow.delete_registered_model_alias(name, alias)
            return mlflow.get_model_version(name, number)

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        """Set an alias; that of Production, in any spelling, promotes the version."""
        mlflow: Any = super()
        if is_production(alias) and self._judge.spec_of(name) is not None:
            self._promote(name, _validate_model_version(version), "alias")
        else:
            mlflow.set_registered_model_alias(name, alias, version)

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Delete an alias; that of Production stays as long as a version is there."""
        mlflow: Any = super()
        if not is_production(alias) or self._judge.spec_of(name) is None:
            mlflow.delete_registered_model_alias(name, alias)
            return
        with self._change(name, "alias removal") as (_, before):
            if before.version is not None:
                raise _in_production(name, before.version, "lose the alias")

    def delete_model_version(self, name: str, version: str) -> None:
        """Delete a version that is not in Production."""
        mlflow: Any = super()
        if self._judge.spec_of(name) is None:
            mlflow.delete_model_version(name, version)
            return
        number = _validate_model_version(version)
        with self._change(name, "deletion") as (_, before):
            if number in before.versions:
                raise _in_production(name, number, "be deleted")
            mlflow.delete_model_version(name, number)

    def delete_registered_model(self, name: str) -> None:
        """Delete a model of which nothing is in Production."""
        mlflow: Any = super()
        if self._judge.spec_of(name) is None:
            mlflow.delete_registered_model(name)
            return
        with self._change(name, "deletion of the model") as (_, before):
            if before.version is not None:
                raise _in_production(name, before.version, "be deleted with its model")
            mlflow.delete_registered_model(name)

    def rename_registered_model(self, name: str, new_name: str) -> Any:
        """Rename a model of which nothing is in Production; a name of ours is no way in for others."""
        mlflow: Any = super()
        if self._judge.spec_of(name) is None and self._judge.spec_of(new_name) is None:
            return mlflow.rename_registered_model(name, new_name)
        with self._change(name, "rename") as (_, before):
            if before.version is not None:
                raise _in_production(name, before.version, f"be renamed with its model to {new_name!r}")
            return mlflow.rename_registered_model(name, new_name)

    def _promote(self, name: str, number: int, by: str, reason: str | None = None) -> Any:
        """Put a version in Production under stage and alias both, and archive whatever was there."""
        mlflow: Any = super()
        reason = override.reason_of_request() if reason is None else reason
        source = mlflow.get_model_version(name, number).source
        with self._recorded(name):
            candidate = door.Entrant(str(number), self._digest(name, number, source))
            older = self._older_than_the_door(name)
            with self._change(name, by, candidate, older) as (session, before):
                # The model may have been deleted and made anew since its bytes were read.
                if mlflow.get_model_version(name, number).source != source:
                    raise Refusal(_no_way_in(name, number), ["it was replaced meanwhile; ask again"])
                if not (before.agrees and before.version == number):
                    self._judged(session, name, candidate, before, older, reason)
                mlflow.transition_model_version_stage(name, number, STAGE, True)
                for alias, _ in before.aliases:
                    if alias != ALIAS:
                        mlflow.delete_registered_model_alias(name, alias)
                mlflow.set_registered_model_alias(name, ALIAS, number)
                return mlflow.get_model_version(name, number)

    def _judged(
        self,
        session: Session,
        name: str,
        candidate: door.Entrant,
        before: Production,
        older: door.Entrant | None,
        reason: str | None,
    ) -> None:
        """Ask the door, with the model locked; what it says may be overridden, for a reason."""
        connection, workspace = session.connection(), self._workspace()
        incumbent = self._incumbent(connection, name, before, older)
        reasons = self._judge.refusals(connection, workspace, self._judge.spec_of(name), candidate, incumbent)
        if not reasons:
            return
        who = asker()
        if reason is not None:
            problem = override.against(reason, who, self._judge.settings())
            if problem is None:
                self._override(connection, name, candidate, who, {"reason": reason, "overridden": reasons})
                return
            reasons = (*reasons, problem)
        raise Refusal(
            _no_way_in(name, candidate.version),
            reasons,
            version=candidate.version,
            then=f"see and evaluate its gates with: days-to-sell gates {name} {candidate.version}",
        )

    def _override(
        self,
        connection: Connection,
        name: str,
        candidate: door.Entrant,
        who: Actor,
        body: Mapping[str, Any],
    ) -> None:
        """Write to the log, and on the version for people to see, that red gates were overridden."""
        mlflow: Any = super()
        new = NewEvent(name, Kind.OVERRIDE, who, candidate.version, candidate.digest, body)
        chain.append(connection, self._workspace(), new)
        tag = ModelVersionTag(OVERRIDE_TAG, override.shown(body["reason"], who))
        mlflow.set_model_version_tag(name, int(candidate.version), tag)

    def _incumbent(
        self, connection: Connection, name: str, before: Production, older: door.Entrant | None
    ) -> door.Entrant | None:
        """Give the version that is in Production, with the digest that it was promoted with."""
        if before.version is None:
            return None
        version = str(before.version)
        digest = promoted_digest(connection, self._workspace(), name, version)
        return older if older and older.version == version and not digest else door.Entrant(version, digest)

    def _older_than_the_door(self, name: str) -> door.Entrant | None:
        """Give what came into Production before this store was here, by its bytes as they are now."""
        mlflow: Any = super()
        workspace = self._workspace()
        with self.engine.connect() as connection:  # type: ignore[attr-defined]
            version = production.look(connection, workspace, name).version
            if version is None or promoted_digest(connection, workspace, name, str(version)):
                return None
        try:
            digest = self._judge.digest_of(mlflow.get_model_version(name, version).source)
        except RegistryError:
            # Nothing can be compared with it, which the gates that compare will say.
            return None
        return door.Entrant(str(version), digest)

    def _digest(self, name: str, number: int, source: str) -> str:
        try:
            return self._judge.digest_of(source)
        except RegistryError as error:
            raise Refusal(_no_way_in(name, number), [str(error)], version=str(number)) from error

    @contextmanager
    def _change(
        self,
        name: str,
        by: str,
        candidate: door.Entrant | None = None,
        older: door.Entrant | None = None,
    ) -> Iterator[tuple[Session, Production]]:
        """Lock a model, let it be changed, and write the event of that change, all or nothing."""
        mlflow: Any = super()
        workspace = self._workspace()
        with self._recorded(name), self.ManagedSessionMaker.outer() as session:
            production.lock(session, workspace, name)
            before = production.look(session, workspace, name)
            yield session, before
            session.flush()
            after = production.look(session, workspace, name)
            if after == before:
                return
            if not after.agrees:
                raise Refusal(f"{name!r} was not changed", ["stage and alias would part"])
            for gone in before.versions - after.versions:
                mlflow.delete_model_version_tag(name, gone, OVERRIDE_TAG)
            connection = session.connection()
            left = self._incumbent(connection, name, before, older)
            kind = Kind.WITHDRAWN if after.version is None else Kind.PROMOTED
            subject = candidate or left or door.Entrant("", "")
            body = {
                "from": left.version if left else None,
                "from_digest": left.digest if left else None,
                "to": candidate.version if candidate else None,
                "by": by,
            }
            new = NewEvent(name, kind, asker(), subject.version, subject.digest, body)
            chain.append(connection, workspace, new)

    @contextmanager
    def _recorded(self, name: str) -> Iterator[None]:
        """Write a refusal to the log after all else was rolled back; failing to changes no answer."""
        try:
            yield
        except Refusal as refusal:
            if not getattr(refusal, "recorded", False):
                refusal.recorded = True
                self._record(name, refusal)
            raise

    def _record(self, name: str, refusal: Refusal) -> None:
        body = {"to": refusal.version or None, "reasons": list(refusal.reasons)}
        new = NewEvent(name, Kind.REFUSED, asker(), refusal.version, body=body)
        try:
            with self.engine.begin() as connection:  # type: ignore[attr-defined]
                chain.append(connection, self._workspace(), new)
        except SQLAlchemyError:
            logger.exception("the refusal of a change of %s could not be written to the event log", name)

    def _workspace(self) -> str:
        return str(self._get_active_workspace())  # type: ignore[attr-defined]


def _no_way_in(name: str, version: int | str) -> str:
    return f"version {version} of {name!r} may not go to Production"


def _in_production(name: str, version: int, what: str) -> Refusal:
    remedy = "promote another version, or archive this one to leave Production empty"
    subject = f"version {version} of {name!r} may not {what}"
    return Refusal(subject, [f"it is in Production; {remedy}"], version=str(version))
