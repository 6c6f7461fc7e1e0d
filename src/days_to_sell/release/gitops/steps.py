"""The last steps of a release by git: the package where others fetch it, the commit, and a look back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from days_to_sell.errors import DeploymentError, RepositoryError
from days_to_sell.registry.events.event import Event
from days_to_sell.release.gitops.message import message_of
from days_to_sell.release.gitops.record import Package, Promotion, Record, path_of, read_record
from days_to_sell.release.gitops.repository import Clone, LostRaceError
from days_to_sell.release.images.attempts import Attempts
from days_to_sell.release.machine.course import SupersededError
from days_to_sell.release.machine.steps import Made
from days_to_sell.release.machine.works import Piece, Works, there
from days_to_sell.scoring.package import ModelPackage

STORE, COMMIT, CONFIRM = "store", "commit", "confirm"
FIGURES = "gates.figures"
# Each loser of a race waits a part of a second by chance, so that they do not meet again.
RACES = Attempts(most=8, seconds=0.5, longest=8.0)
Put = Callable[[ModelPackage, str], str]


@dataclass
class Draft:
    """What the steps hand on.

    Args:
        address: Where the package is for whoever deploys it.
        record: What the branch is to say.
        commit: The commit that says so.
        before: Version that it said before; empty for none.
        changed: Whether this release wrote it.
    """

    address: str = ""
    record: Record | None = None
    commit: str = ""
    before: str = ""
    changed: bool = False


@dataclass(frozen=True)
class StorePackage:
    """The package on S3, where a place is named for it; else it stays where MLflow has it."""

    works: Works
    piece: Piece
    draft: Draft
    packages: str
    put: Put
    name: str = STORE

    def stands(self, made: Made) -> bool:
        """Put it again: that changes nothing, and mends what was damaged."""
        return False

    def do(self) -> Made:
        """Put it there."""
        package, version = there(self.piece.package, "package"), self.piece.version
        if self.packages:
            self.draft.address = self.put(package, self.packages)
            self.works.report(f"package at {self.draft.address}")
        else:
            self.draft.address = f"models:/{version.model}/{version.version}"
        return {"address": self.draft.address}


@dataclass(frozen=True)
class Commit:
    """One commit that says what is to serve, on top of whatever the branch holds by then.

    Args:
        works: What the steps use.
        piece: The version.
        draft: What the steps hand on.
        clone: Of the repository.
        promoted: The event of its promotion, where the log has it.
        last: The event of the last commit here, where there is one.
        wanted: Asks the registry whether the version is in Production still.
        again: Whether to write what a person took back.
        races: How often to try when others push first.
    """

    works: Works
    piece: Piece
    draft: Draft
    clone: Clone
    promoted: Event | None
    last: Event | None
    wanted: Callable[[], bool]
    again: bool = False
    races: Attempts = RACES
    name: str = COMMIT

    def stands(self, made: Made) -> bool:
        """Ask the repository anew."""
        return False

    def do(self) -> Made:
        """Commit and push; look again at everything whenever somebody else was first.

        Raises:
            SupersededError: Another version is in Production by now.
            DeploymentError: A person took this version back, or the repository refuses the commit.
            RepositoryError: It does not answer, or others were first each time.
        """
        for attempt in range(1, self.races.most + 1):
            try:
                return self._once()
            except LostRaceError as error:
                if attempt == self.races.most:
                    raise RepositoryError(f"{error}, {attempt} times in a row; run it again") from error
                wait = self.races.wait_after(attempt)
                self.works.report(
                    f"{error}; attempt {attempt} of {self.races.most}, the next in {wait:.1f} s"
                )
                self.races.pause(wait)
        raise ValueError("no attempt was allowed")

    def _once(self) -> Made:
        draft, clone = self.draft, self.clone
        clone.fetch()
        before = record_on(clone, self.piece.version.model, self.works.report)
        # After the fetch: whoever promoted since then pushes after this, or finds the branch moved.
        if not self.wanted():
            raise SupersededError(f"version {self.piece.version.version} is in Production no more")
        record = draft.record = record_of(self.piece, draft.address, self.promoted)
        draft.before = before.version if before else ""
        if record.deploys_as(before):
            # Also where the answer to an earlier push was lost.
            self.works.report(f"{clone.repository} says so already: nothing to commit")
            draft.commit = clone.tip
            return self._made()
        if not self.again:
            refuse_taken_back(self.last, self.promoted, record, before, str(clone.repository))
        draft.commit = clone.commit(record.path, record.to_text(), message_of(record, before))
        clone.push(draft.commit)
        draft.changed = True
        self.works.report(f"committed {draft.commit[:12]} to {clone.repository}")
        return self._made()

    def _made(self) -> Made:
        return {"commit": self.draft.commit, "before": self.draft.before}


@dataclass(frozen=True)
class Confirm:
    """What the branch says afterwards: a push that was taken is not yet a branch that has it."""

    works: Works
    piece: Piece
    draft: Draft
    clone: Clone
    name: str = CONFIRM

    def stands(self, made: Made) -> bool:
        """Look anew."""
        return False

    def do(self) -> Made:
        """Fetch the branch, and read the file.

        Raises:
            RepositoryError: It says what was there before.
        """
        record, draft = there(self.draft.record, "record"), self.draft
        tip = self.clone.fetch()
        found = record_on(self.clone, record.model, self.works.report)
        moved_on = tip != draft.commit and found is not None and found.version != draft.before
        if record.deploys_as(found) or moved_on:
            return {"commit": draft.commit}
        raise RepositoryError(
            f"{self.clone.repository} took the commit {draft.commit[:12]} and does not say that version "
            f"{record.version} is to serve: {tip[:12]} is its newest; is what was read a mirror that lags?"
        )


def record_on(clone: Clone, model: str, report: Callable[[str], None]) -> Record | None:
    """Read what the fetched branch says of a model; ``None`` where nothing is said that can be read."""
    path = path_of(model)
    content = clone.read(path)
    if content is None:
        return None
    try:
        return read_record(content, path)
    except DeploymentError as error:
        report(f"what {clone.repository} says is replaced: {error}")
        return None


def record_of(piece: Piece, address: str, promoted: Event | None) -> Record:
    """Say what is to serve, from what the steps made."""
    package, predictor = there(piece.package, "package"), there(piece.predictor, "predictor")
    said = package.provenance
    return Record(
        model=piece.version.model,
        version=piece.version.version,
        package=Package(package.digest, address),
        engine=predictor.engine,
        image=piece.published,
        golden_rows=len(package.golden),
        run=_line(said.get("run_id", "")),
        code=_line(said.get("code_commit", "")),
        data=_line(said.get("training_data", "")),
        estimator=_line(said.get("estimator", "")),
        figures=_figures(said),
        promoted=_promotion(promoted),
    )


def refuse_taken_back(
    last: Event | None, promoted: Event | None, record: Record, before: Record | None, where: str
) -> None:
    """Leave alone what a person changed since the last commit of a release, until somebody promotes anew.

    Raises:
        DeploymentError: The version was committed last, and the branch says something else by now.
    """
    mine = last is not None and (last.version, last.digest) == (record.version, record.package.digest)
    if not mine or last is None:
        return
    if before is not None and (before.version, before.package) == (record.version, record.package):
        # The same version, in another image.
        return
    if promoted is not None and promoted.position > last.position:
        return
    now = f"version {before.version}" if before else "nothing"
    raise DeploymentError(
        f"version {record.version} of {record.model} was committed as {str(last.body.get('commit'))[:12]}, "
        f"and somebody took it back: {where} says {now}; promote the version that is meant, or commit this "
        f"one again: days-to-sell deployment commit {record.model} --again"
    )


def _promotion(event: Event | None) -> Promotion | None:
    if event is None:
        return None
    return Promotion(_line(event.actor.name), event.at, _line(str(event.body.get("reason") or "")))


def _figures(said: Mapping[str, str]) -> dict[str, float]:
    try:
        found = json.loads(said.get(FIGURES, "{}"))["candidate"]
        return {_line(str(name)): float(value) for name, value in sorted(found.items())}
    except (KeyError, TypeError, ValueError, AttributeError):
        # A package of another toolkit; the figures are for people.
        return {}


def _line(text: str) -> str:
    """Make one line of a text: a reason is whatever somebody wrote."""
    return "".join(each if each.isprintable() else " " for each in text)[:500].strip()
