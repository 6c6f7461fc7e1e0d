"""Releases by git into a real bare repository."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.errors import DeploymentError, GateError, ProofError, ReleaseError, RepositoryError
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.gitops import steps
from days_to_sell.release.gitops.git import Git
from days_to_sell.release.gitops.repository import Clone
from days_to_sell.release.images.attempts import Attempts
from days_to_sell.release.machine.aides import Aides
from stack.git_remote import GitRemote
from tests.packages import make_package, rewrite
from tests.unit.release.conftest import MODEL
from tests.unit.release.fakes import ShelfRegistry, ThreadTarget
from tests.unit.release.gitops.conftest import (
    FILE,
    Run,
    Shelf,
    commit_by_hand,
    on_branch,
    revert,
)


def promote(registry: ShelfRegistry, folder: Path, version: str = "2") -> str:
    """Put a version of another formula in Production, and give the digest of its package."""
    package = make_package(folder / f"shelf-{version}", intercept=12.0 + int(version))
    registry.add(MODEL, version, package)
    return package.digest


def commits(remote: GitRemote) -> int:
    """Count the commits of the branch."""
    return int(remote.git("rev-list", "--count", "main"))


def test_a_release_is_one_commit_that_says_what_is_to_serve(
    commit: Run, remote: GitRemote, registry: ShelfRegistry, shelf: Shelf, log: EventLog
) -> None:
    """One file, with the very package that was proven and where it is; the log tells who and which commit."""
    made = commit()
    record = on_branch(remote)

    assert made.changed
    assert (remote.git("rev-parse", "main"), commits(remote)) == (made.commit, 1)
    assert remote.git("ls-tree", "-r", "--name-only", "main") == FILE
    assert record == made.record
    assert (record.model, record.version, record.golden_rows) == (MODEL, "1", 25)
    assert shelf.puts == [record.package.digest]
    assert record.package.address == f"s3://models/released/{record.package.digest.removeprefix('sha256:')}"
    event = log.last(MODEL, Kind.COMMITTED)
    assert event is not None
    assert (event.version, event.digest) == ("1", record.package.digest)
    assert event.body["commit"] == made.commit


def test_run_again_it_does_nothing(commit: Run, remote: GitRemote, shelf: Shelf, log: EventLog) -> None:
    """The repository says so already: no commit, no event, nothing put or proven again."""
    first, events = commit(), len(log.read(MODEL))
    again = commit()

    assert (again.changed, again.commit, again.record) == (False, first.commit, first.record)
    assert commits(remote) == 1
    assert len(log.read(MODEL)) == events
    assert len(shelf.puts) == 1


def test_the_message_is_for_people_and_its_trailers_for_programs(
    commit: Run, remote: GitRemote, registry: ShelfRegistry, tmp_path: Path, log: EventLog
) -> None:
    """From which version to which, who promoted it and why, and git's own trailers with the digests."""
    commit()
    digest = promote(registry, tmp_path)
    said = {"from": "1", "to": "2", "reason": "cheaper\nvans"}
    log.append(NewEvent(MODEL, Kind.PROMOTED, Actor("ann"), "2", digest, said))
    commit()

    title, _, body = remote.git("log", "-1", "--format=%B", "main").partition("\n\n")
    assert title == f"{MODEL} 1 -> 2"
    assert "Promoted by ann at 20" in body
    assert ": cheaper vans" in body
    assert "Proven with 25 golden rows by the python engine." in body
    trailers = dict(
        line.split(": ", 1) for line in remote.git("log", "-1", "--format=%(trailers)", "main").splitlines()
    )
    assert trailers["Model-Version"] == "2"
    assert trailers["Package-Digest"] == digest
    assert remote.git("log", "-1", "--format=%an <%ae>", "main") == "days-to-sell <days-to-sell@localhost>"
    assert on_branch(remote).promoted is not None


def test_files_of_others_stay_as_they_are(commit: Run, remote: GitRemote) -> None:
    """A release changes its own file alone."""
    commit_by_hand(remote, "models/other.json", "{}", "By hand")
    commit_by_hand(remote, "deploy.sh", "exit 0", "By hand")
    commit()
    changed = remote.git("diff", "--name-only", "main~1", "main")
    assert changed == FILE
    assert remote.git("show", "main:deploy.sh") == "exit 0"


def test_a_damaged_file_is_replaced(commit: Run, remote: GitRemote, lines: list[str]) -> None:
    """What a person broke there is no reason to leave it broken, and it is said."""
    commit_by_hand(remote, FILE, "{broken", "By hand")
    assert commit().changed
    assert on_branch(remote).version == "1"
    assert any("is replaced" in line and "no JSON" in line for line in lines)


def test_a_link_in_the_place_of_the_file_is_refused(commit: Run, remote: GitRemote) -> None:
    """It may lead anywhere on the machine of whoever deploys."""
    target = remote.folder / "written"
    target.write_text("/etc/passwd", encoding="utf-8")
    blob = remote.git("hash-object", "-w", str(target))
    remote.git("update-index", "--add", "--cacheinfo", f"120000,{blob},{FILE}")
    made = remote.git("commit-tree", remote.git("write-tree"), "-m", "Link")
    remote.git("update-ref", "refs/heads/main", made)
    with pytest.raises(DeploymentError, match="no plain file"):
        commit()
    assert remote.git("rev-parse", "main") == made


def test_a_push_that_loses_a_race_is_tried_again_on_top(
    commit: Run, remote: GitRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person pushes between fetch and push: both commits are there, the release's on top."""
    push, lost = Clone.push, []

    def late(self: Clone, made: str) -> None:
        if len(lost) < 2:
            lost.append(commit_by_hand(remote, "README.md", f"{len(lost)}", "By hand"))
        push(self, made)

    monkeypatch.setattr(Clone, "push", late)
    monkeypatch.setattr(steps.Commit, "races", Attempts(pause=lambda seconds: None))
    assert commit().changed
    assert commits(remote) == 3
    assert remote.git("rev-parse", "main~1") == lost[-1]
    assert on_branch(remote).version == "1"


def test_whoever_loses_each_race_says_so(
    commit: Run, remote: GitRemote, monkeypatch: pytest.MonkeyPatch, log: EventLog
) -> None:
    """After the last attempt nothing is written, and the next run goes on."""
    push, pauses = Clone.push, list[float]()

    def late(self: Clone, made: str) -> None:
        commit_by_hand(remote, "README.md", f"{len(pauses)}", "By hand")
        push(self, made)

    monkeypatch.setattr(steps, "RACES", None)
    monkeypatch.setattr(
        steps.Commit.__init__, "__defaults__", (False, Attempts(most=3, pause=pauses.append), "commit")
    )
    with monkeypatch.context() as patch:
        patch.setattr(Clone, "push", late)
        with pytest.raises(RepositoryError, match="3 times in a row"):
            commit()
    assert len(pauses) == 2
    assert log.last(MODEL, Kind.COMMITTED) is None
    assert commit().changed


def test_after_a_lost_race_the_registry_is_asked_what_is_meant(
    commit: Run,
    remote: GitRemote,
    registry: ShelfRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Version 2 is promoted and committed by another while 1 is on its way: 1 is not written over it."""
    push, others = Clone.push, []

    def late(self: Clone, made: str) -> None:
        if not others:
            digest = promote(registry, tmp_path)
            text = self.git.run("show", f"{made}:{FILE}") + "\n"
            record = on_branch_text(text).replace('"version": "1"', '"version": "2"')
            old = text.split("sha256:")[1][:64]
            others.append(commit_by_hand(remote, FILE, record.replace(old, digest[7:]), "Another release"))
        push(self, made)

    monkeypatch.setattr(Clone, "push", late)
    made = commit()
    assert made.record.version == "2"
    assert on_branch(remote).version == "2"
    assert [line.split()[0] for line in remote.git("log", "--format=%s", "main").splitlines()] == ["Another"]


def on_branch_text(text: str) -> str:
    """The text of a file as it was written."""
    return text


def test_two_releases_at_once_leave_both_models(
    commit: Run,
    remote: GitRemote,
    registry: ShelfRegistry,
    target: ThreadTarget,
    workspace: Path,
    aides: Aides,
    shelf: Shelf,
    tmp_path: Path,
) -> None:
    """Two models, two programs, one branch: whoever comes second commits on top of the other."""
    from days_to_sell.release.gitops.commit import Storage, commit_production
    from days_to_sell.release.gitops.repository import Repository

    other = ShelfRegistry()
    other.add("other", "5", make_package(tmp_path / "other", model="other"))
    failures: list[BaseException] = []

    def run(known: ShelfRegistry, model: str) -> None:
        try:
            commit_production(
                known,
                model,
                Repository(remote.address),
                Storage("s3://models/released", shelf.put),
                target,
                workspace=workspace,
                report=print,
                aides=aides,
            )
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=each) for each in ((registry, MODEL), (other, "other"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert remote.git("ls-tree", "-r", "--name-only", "main").split() == ["models/other.json", FILE]
    assert commits(remote) == 2


def test_a_hook_that_rejects_is_told_in_its_own_words(
    commit: Run, remote: GitRemote, log: EventLog, lines: list[str]
) -> None:
    """A protected branch is refused at once, not tried again; the log and the alert have the reason."""
    remote.hook("pre-receive", "#!/bin/sh\necho 'only by merge request' >&2\nexit 1\n")
    with pytest.raises(DeploymentError, match="only by merge request"):
        commit()
    event = log.last(MODEL, Kind.FAILED)
    assert event is not None
    assert (event.body["step"], event.body["passing"]) == ("commit", False)
    assert any(line.startswith("ALERT:") for line in lines)
    remote.hook("pre-receive", "#!/bin/sh\nexit 0\n")
    assert commit().changed


def test_an_answer_that_got_lost_makes_no_second_commit(
    commit: Run, remote: GitRemote, monkeypatch: pytest.MonkeyPatch, log: EventLog
) -> None:
    """The push arrived, the answer did not: the next run finds it, and writes that it is done."""
    push = Clone.push

    def lost(self: Clone, made: str) -> None:
        push(self, made)
        raise RepositoryError("the connection broke")

    with monkeypatch.context() as patch:
        patch.setattr(Clone, "push", lost)
        with pytest.raises(RepositoryError, match="connection broke"):
            commit()
    assert log.last(MODEL, Kind.COMMITTED) is None
    assert not commit().changed
    assert commits(remote) == 1
    event = log.last(MODEL, Kind.COMMITTED)
    assert event is not None
    assert event.body["commit"] == remote.git("rev-parse", "main")


def test_a_repository_that_is_gone_is_named(commit: Run, remote: GitRemote, log: EventLog) -> None:
    """Nothing is fetched or proven for it."""
    Path(remote.address).rename(remote.folder / "gone")
    with pytest.raises(DeploymentError, match="no git repository"):
        commit()
    assert log.read(MODEL) == []
    Path(remote.address).mkdir()
    with pytest.raises(RepositoryError, match="cannot be read"):
        commit()


def test_another_branch_is_not_made_by_a_slip(commit: Run, remote: GitRemote) -> None:
    """A repository that has branches has to have the one that is named; the message tells those."""
    commit()
    with pytest.raises(DeploymentError, match="no such branch; there are main"):
        commit(branch="mian")


def test_what_fails_its_golden_data_is_not_committed(
    commit: Run, remote: GitRemote, registry: ShelfRegistry, tmp_path: Path, shelf: Shelf
) -> None:
    """Nobody hears of a version that its own package disproves."""
    commit()
    promote(registry, tmp_path)
    spoilt = rewrite(
        tmp_path / "shelf-2", "golden.jsonl", lambda text: text.replace('"days": 4', '"days": 5', 1)
    )
    registry.add(MODEL, "2", spoilt)
    with pytest.raises(ProofError):
        commit()
    assert on_branch(remote).version == "1"
    assert len(shelf.puts) == 1


def test_what_its_gates_refuse_is_not_committed(commit: Run, remote: GitRemote, aides: Aides) -> None:
    """The door is asked before anything is put or built."""

    def shut(*asked: Any) -> None:
        raise GateError("gate integrity is red")

    object.__setattr__(aides, "admit", shut)
    with pytest.raises(GateError):
        commit()
    assert remote.git("for-each-ref") == ""


def test_nothing_in_production_is_nothing_to_commit(commit: Run, registry: ShelfRegistry) -> None:
    """It says what to do first."""
    registry.in_production.clear()
    with pytest.raises(ReleaseError, match="promote one"):
        commit()


def test_a_revert_stands_until_somebody_promotes(
    commit: Run, remote: GitRemote, registry: ShelfRegistry, tmp_path: Path, log: EventLog
) -> None:
    """A release that runs each night must not undo what a person took back; a promotion or ``again`` does."""
    commit()
    digest = promote(registry, tmp_path)
    commit()
    back = revert(remote)
    assert on_branch(remote).version == "1"

    with pytest.raises(DeploymentError, match=r"somebody took it back.*version 1.*--again"):
        commit()
    assert remote.git("rev-parse", "main") == back

    assert commit(again=True).changed
    assert on_branch(remote).version == "2"
    revert(remote)
    log.append(NewEvent(MODEL, Kind.PROMOTED, Actor("ann"), "2", digest, {"from": "1", "to": "2"}))
    assert commit().changed


def test_git_is_given_no_secret_on_its_command_line(
    commit: Run, remote: GitRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address is not among its arguments, where every user of the machine could read it."""
    import subprocess

    run, commands = subprocess.run, list[list[str]]()

    def watched(command: list[str], **others: Any) -> Any:
        commands.append(list(command))
        return run(command, **others)

    monkeypatch.setattr(subprocess, "run", watched)
    commit()
    mine = [each for each in commands if each[:2] == ["git", "-c"]]
    assert len(mine) > 5
    assert not [each for each in mine if any(remote.address in word for word in each)]


def test_hooks_and_helpers_of_a_repository_do_not_run(tmp_path: Path) -> None:
    """A protocol that would run a program is refused by git itself too."""
    git = Git(tmp_path, f"ext::sh -c touch% {tmp_path}/hacked")
    git.run("init", "--quiet", "--bare")
    assert git.attempt("fetch", "origin").code
    assert not (tmp_path / "hacked").exists()
