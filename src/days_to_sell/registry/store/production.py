"""What of a model is in Production, as MLflow's tables say, and the lock that holds it still."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from mlflow.store.model_registry.dbmodels.models import (
    SqlModelVersion,
    SqlRegisteredModel,
    SqlRegisteredModelAlias,
)
from sqlalchemy.orm import Session

from days_to_sell.registry.versions import ALIAS, STAGE


@dataclass(frozen=True)
class Production:
    """What stage and alias name.

    Args:
        staged: Versions in the stage, of which MLflow allows several.
        aliases: Spellings of the alias, with the version that each names.
    """

    staged: tuple[int, ...] = ()
    aliases: tuple[tuple[str, int], ...] = ()

    @property
    def version(self) -> int | None:
        """The version in Production: what the alias names, or the newest in the stage where there is none."""
        named = dict(self.aliases)
        if named:
            return named.get(ALIAS, max(named.values()))
        return max(self.staged, default=None)

    @property
    def versions(self) -> set[int]:
        """Every version that stage or alias names."""
        return {*self.staged, *(version for _, version in self.aliases)}

    @property
    def agrees(self) -> bool:
        """Whether stage and alias name the same one version, under the one spelling, or none."""
        return self.aliases == tuple((ALIAS, version) for version in self.staged)


def lock(session: Session, workspace: str, model: str) -> None:
    """Take the model for this transaction, before anything is read that a decision rests on.

    An update that changes nothing locks the row, and in SQLite the file, for which a SELECT takes no lock.
    """
    mine = (SqlRegisteredModel.workspace == workspace, SqlRegisteredModel.name == model)
    touched = sa.update(SqlRegisteredModel).where(*mine)
    session.execute(
        touched.values(last_updated_time=SqlRegisteredModel.last_updated_time),
        execution_options={"synchronize_session": False},
    )


def look(session: Session | sa.Connection, workspace: str, model: str) -> Production:
    """Read what is in Production."""
    stages = sa.select(SqlModelVersion.version).where(
        SqlModelVersion.workspace == workspace,
        SqlModelVersion.name == model,
        SqlModelVersion.current_stage == STAGE,
    )
    aliases = sa.select(SqlRegisteredModelAlias.alias, SqlRegisteredModelAlias.version).where(
        SqlRegisteredModelAlias.workspace == workspace, SqlRegisteredModelAlias.name == model
    )
    found = ((alias, version) for alias, version in session.execute(aliases) if is_production(alias))
    return Production(tuple(sorted(session.scalars(stages))), tuple(sorted(found)))


def is_production(alias: str) -> bool:
    """Tell whether an alias is the one of Production, in whatever spelling."""
    return alias.lower() == ALIAS
