"""A git repository that others push to: a bare one in a folder, whose hook may deploy what was pushed."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 60
# The hook answers at once, as a CI system does: whoever pushed need not wait for the deployment. One at a
# time, each with the newest commit of the branch: of those that waited, the first does what all were to do.
HOOK = """#!/bin/sh
while read -r old new ref; do
  [ "$ref" = {ref} ] || continue
  setsid {runner} </dev/null >>{log} 2>&1 &
done
"""
RUNNER = """#!/bin/sh
set -eu
{exports}
for name in $(git rev-parse --local-env-vars); do unset "$name"; done
exec 9>{lock}
flock 9
commit="$(git --git-dir={bare} rev-parse {ref})"
[ "$commit" != "$(cat {done} 2>/dev/null)" ] || exit 0
echo "== $commit"
rm -rf {tree}
mkdir -p {tree}
git --git-dir={bare} archive "$commit" | tar -x -C {tree}
cd {tree}
code=0
{command} || code="$?"
echo "== $commit ended with $code"
echo "$commit" >{done}
"""


@dataclass(frozen=True)
class GitRemote:
    """A bare repository.

    Args:
        folder: Where all of it lies.
        branch: The branch that is deployed.
    """

    folder: Path
    branch: str = "main"
    git_variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def address(self) -> str:
        """What others push to."""
        return str(self.folder / "deployments.git")

    @property
    def log(self) -> Path:
        """What deployments said."""
        return self.folder / "deployments.log"

    def create(self) -> GitRemote:
        """Make it, unless it is there."""
        bare = Path(self.address)
        if not (bare / "HEAD").is_file():
            bare.mkdir(parents=True)
            self.git("init", "--quiet", "--bare", f"--initial-branch={self.branch}")
        return self

    def deploys(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        """Let each push to the branch run a command in a checkout of it, in the background.

        Args:
            command: What to run, such as ``./deploy.sh``.
            variables: What it finds in its environment beside that of whoever pushes.
        """
        runner = self.folder / "deploy-pushed"
        place = {
            "bare": shlex.quote(self.address),
            "ref": shlex.quote(f"refs/heads/{self.branch}"),
            "log": shlex.quote(str(self.log)),
            "lock": shlex.quote(str(self.folder / "deploy.lock")),
            "done": shlex.quote(str(self.folder / "deployed")),
            "tree": shlex.quote(str(self.folder / "tree")),
            "runner": shlex.quote(str(runner)),
            "command": shlex.join(command),
            "exports": "\n".join(
                f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())
            ),
        }
        self._write(runner, RUNNER.format(**place))
        self.hook("post-receive", HOOK.format(**place))

    def hook(self, name: str, script: str) -> None:
        """Put a hook of its own into it."""
        path = Path(self.address) / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        self._write(path, script)

    def git(self, *arguments: str) -> str:
        """Run git in it, and give what it answered."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.address,
            env={**os.environ, **self.git_variables},
            check=True,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        ).stdout.strip()

    def deployed(self) -> str:
        """Name the commit whose deployment ended last; empty while there was none."""
        path = self.folder / "deployed"
        return path.read_text(encoding="ascii").strip() if path.is_file() else ""

    def _write(self, path: Path, script: str) -> None:
        path.write_text(script, encoding="utf-8")
        # Its variables may hold secrets.
        path.chmod(0o700)
