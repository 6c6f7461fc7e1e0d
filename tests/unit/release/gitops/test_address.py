"""Addresses and branches of repositories: nothing that git would take for an option or a program."""

from __future__ import annotations

from pathlib import Path

import pytest

from days_to_sell.errors import DeploymentError, SettingsError
from days_to_sell.release.gitops.address import require_branch, require_repository, without_secret
from days_to_sell.release.gitops.git import Git, identity_variables


@pytest.mark.parametrize(
    "address",
    [
        "https://git.example/team/deployments.git",
        "https://bot:secret@git.example/team/deployments.git",
        "ssh://git@git.example:2222/team/deployments.git",
        "git@git.example:team/deployments.git",
        "file:///srv/deployments.git",
    ],
)
def test_repositories_are_taken(address: str) -> None:
    """What git speaks by itself is taken as it is."""
    assert require_repository(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "--upload-pack=touch hacked",
        "-oProxyCommand=x",
        "ext::sh -c 'touch hacked'",
        "ssh://-oProxyCommand=touch/x",
        "ssh://git@-oProxyCommand=touch/x",
        "git@-oProxyCommand=x:y",
        "https://git.example/a b",
        "https://git.example/a\n--upload-pack=x",
        "ftp://git.example/x",
        "a-folder-that-is-not-there",
    ],
)
def test_what_is_no_repository_is_refused(address: str) -> None:
    """Options, helpers that run programs, and folders that are not there."""
    with pytest.raises(DeploymentError, match="no git repository"):
        require_repository(address)


def test_a_folder_is_named_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git runs in another folder than whoever named a path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "remote.git").mkdir()
    assert require_repository("remote.git") == str(tmp_path / "remote.git")


@pytest.mark.parametrize(
    "branch", ["", "-d", "--mirror", "a..b", "a b", "/a", "a/", "a.lock", "a:b", "+main", "a\n", "HEAD^"]
)
def test_what_is_no_branch_is_refused(branch: str) -> None:
    """Nor anything that is more than a name in a refspec."""
    with pytest.raises(DeploymentError, match="no name of a branch"):
        require_branch(branch)


def test_a_password_is_not_repeated() -> None:
    """Neither in a refusal."""
    with pytest.raises(DeploymentError) as caught:
        require_repository("ftp://bot:secret@git.example/x")
    assert "secret" not in str(caught.value)
    assert without_secret("a https://u:p@h/x b ssh://git@h/y") == "a https://h/x b ssh://h/y"


def test_who_commits_is_stated_else_whom_git_knows_else_the_toolkit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this order; a statement that names nobody is refused."""
    git = Git(tmp_path, str(tmp_path))
    assert identity_variables(git, "Bot <bot@git.example>")["GIT_AUTHOR_EMAIL"] == "bot@git.example"
    assert identity_variables(git, "")["GIT_COMMITTER_NAME"] == "days-to-sell"
    (tmp_path / "no-gitconfig").write_text("[user]\n email = me@localhost\n", encoding="utf-8")
    assert identity_variables(git, "") == {}
    with pytest.raises(SettingsError, match="DAYS_TO_SELL_GIT_IDENTITY"):
        identity_variables(git, "Bot")
