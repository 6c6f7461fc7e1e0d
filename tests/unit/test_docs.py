"""What the documents name is there, and what is there is documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path

import click
import pytest

from days_to_sell.cli import cli
from days_to_sell.cli.demo.job import STEPS
from days_to_sell.settings import PREFIX, Settings
from mlflow_project.dags.wiring import PREFIX as DAGS_PREFIX
from mlflow_project.dags.wiring import Wiring

ROOT = Path(__file__).parents[2]
README, CONTRIBUTING, MAKEFILE = ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "Makefile"
REFERENCE = ROOT / "docs" / "reference.md"
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
DOCUMENTS = [
    README,
    CONTRIBUTING,
    REFERENCE,
    ROOT / "CHANGELOG.md",
    *sorted(ROOT.glob("*/README.md")),
    *ADRS,
    *GUIDES,
]
SETTINGS = {f"{PREFIX}{field.name.upper()}" for field in fields(Settings)}
OF_THE_DAGS = {f"{DAGS_PREFIX}{field.name.upper()}" for field in fields(Wiring)}
OF_THE_TESTS = {"DAYS_TO_SELL_REQUIRE_PARTS", "DAYS_TO_SELL_TESTS_SHARED"}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def text(*documents: Path) -> str:
    """The documents in one."""
    return "\n".join(document.read_text(encoding="utf-8") for document in documents)


def code(source: str) -> Iterator[str]:
    """Everything that a reader may paste: indented lines, fenced blocks, words in back quotes; no output."""
    yield from re.findall(r"^ {4}(.+)$", source, flags=re.MULTILINE)
    blocks = re.findall(r"^```([^\n]*)\n(.*?)^```", source, flags=re.MULTILINE | re.DOTALL)
    yield from (block for language, block in blocks if language != "text")
    yield from re.findall(r"(?<!`)`([^`\n]+)`", source)


def find_command(words: list[str]) -> tuple[str, click.Command | None]:
    """Follow words into the command line, as far as they are names of commands."""
    command: click.Command | None = cli
    path = ["days-to-sell"]
    for word in words:
        if not isinstance(command, click.Group):
            break
        command = command.get_command(click.Context(command), word)
        path.append(word)
    return " ".join(path), command


def leaves(group: click.Group, path: str) -> Iterator[str]:
    """Name every command that does something."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def targets() -> set[str]:
    """Name the targets of the Makefile that are meant for people."""
    return set(re.findall(r"^([a-z-]+):.*##", text(MAKEFILE), flags=re.MULTILINE))


def test_every_command_that_is_named_exists_with_its_options() -> None:
    """Each `days-to-sell ...` in a document is a command, and takes the options it is shown with."""
    calls = re.findall(r"^days-to-sell ([a-z].*)$", "\n".join(code(text(*DOCUMENTS))), flags=re.MULTILINE)
    wrong = []
    for call in calls:
        name, command = find_command(call.partition("#")[0].split())
        if command is None:
            wrong.append(name)
        else:
            known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
            wrong += [f"{name} {option}" for option in OPTION.findall(call) if option not in known]

    assert len(calls) > 10
    assert not wrong


def test_every_command_is_documented() -> None:
    """The reference names each command of the command line."""
    documented = set(re.findall(r"`(days-to-sell [a-z -]+)`", text(REFERENCE)))
    commands = set(leaves(cli, "days-to-sell"))

    assert "days-to-sell data build" in commands
    assert commands <= documented


def test_every_make_target_that_is_named_exists() -> None:
    """Each `make ...` in a document is a target, and its variables are the Makefile's."""
    named = set()
    variables = set()
    for line in "\n".join(code(text(*DOCUMENTS))).splitlines():
        # What follows in a comment is a sentence, in which anything may make something.
        for target, rest in re.findall(r"(?<![\w-])make ([a-z][a-z-]*)([^`]*)", line.partition("#")[0]):
            named.add(target)
            variables |= set(re.findall(r"\b([A-Z_]+)=", rest))

    assert {"demo", "test", "lint"} <= named
    assert named <= targets()
    assert {name for name in variables if f"$({name})" not in text(MAKEFILE)} <= {"UPGRADE"}
    assert "$(if $(UPGRADE)" in text(MAKEFILE)


def test_every_make_target_is_documented() -> None:
    """The reference names each target that `make help` lists."""
    said = text(REFERENCE)

    assert {target for target in targets() if f"make {target}" not in said} == set()


def test_every_setting_is_documented_with_its_default() -> None:
    """The table of settings has one row for each field, and the defaults are the real ones."""
    rows = dict(
        re.findall(rf"^\| `({PREFIX}\w+)` \|[^|]+\| ([^|]+) \|$", text(REFERENCE), flags=re.MULTILINE)
    )
    defaults = Settings.from_env({})

    assert set(rows) == SETTINGS
    for field in fields(Settings):
        stated = rows[f"{PREFIX}{field.name.upper()}"]
        value = getattr(defaults, field.name)
        if isinstance(value, Path):
            assert Path(stated.strip("`")).expanduser() == value
        elif value in (None, ""):
            assert stated.startswith(("none", "empty"))
        else:
            assert stated == f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_every_variable_of_the_dags_is_documented_with_its_default() -> None:
    """The guide's table has one row for each field of the wiring, and the defaults are the real ones."""
    guide = text(ROOT / "docs" / "guides" / "airflow.md")
    rows = dict(re.findall(rf"^\| `({DAGS_PREFIX}\w+)` \|[^|]+\| ([^|]+) \|$", guide, flags=re.MULTILINE))
    assert set(rows) == OF_THE_DAGS
    for field in fields(Wiring):
        stated, value = rows[f"{DAGS_PREFIX}{field.name.upper()}"], getattr(Wiring(), field.name)
        if value == "":
            assert stated.startswith("empty")
        elif not str(value).startswith(str(ROOT)):
            assert stated == f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_no_setting_is_named_that_nobody_reads() -> None:
    """A variable in a document is a field of the settings, or one that the tests read."""
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", text(*DOCUMENTS)))

    assert named <= SETTINGS | OF_THE_DAGS | OF_THE_TESTS
    conftests = text(*sorted((ROOT / "tests").rglob("conftest.py")))
    assert all(variable in conftests for variable in OF_THE_TESTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_into_the_project_resolve(document: Path) -> None:
    """Each relative link of a document leads to a file or folder."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))
    inside = [link for link in links if "://" not in link]

    assert [link for link in inside if not (document.parent / link).exists()] == []


def test_every_path_that_the_front_pages_name_exists() -> None:
    """A path in back quotes that starts at a folder of the project is there."""
    roots = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"build"}
    words = code(text(README, CONTRIBUTING, REFERENCE))
    named = {word for word in words if re.fullmatch(r"\.?[\w.*-]+/[\w./*-]*", word)}

    inside = {word for word in named if word.split("/")[0] in roots}
    assert {"src/days_to_sell/spec/", ".ci/engine.sh", "requirements/*.in"} <= inside
    assert {word for word in inside if not list(ROOT.glob(word.rstrip("/")))} == set()


def test_the_rooms_are_those_of_the_source_tree() -> None:
    """The README's table has every package of the toolkit."""
    packages = {path.parent.name for path in (ROOT / "src" / "days_to_sell").glob("*/__init__.py")}

    assert set(re.findall(r"`src/days_to_sell/(\w+)/` \|", text(README))) == packages


def test_the_demo_is_shown_as_it_runs() -> None:
    """The steps in the README's excerpt are counted as the demo counts them."""
    shown = re.findall(r"^\[(\d)/(\d)\]", text(README), flags=re.MULTILINE)

    assert shown
    assert {int(of) for _, of in shown} == {STEPS}
    assert [step for step, _ in shown] == sorted(step for step, _ in shown)


@pytest.mark.parametrize("record", ADRS, ids=lambda record: record.stem)
def test_a_decision_record_has_its_parts(record: Path) -> None:
    """Each record has its number, a date, and context, decision and consequences in this order."""
    content = record.read_text(encoding="utf-8")
    title, dated = content.splitlines()[0], content.splitlines()[2]

    assert title.startswith(f"# {record.name[:4]}: ")
    date.fromisoformat(dated.split(" · ")[0])
    assert dated.split(" · ")[1] in {"accepted", "superseded"}
    assert re.findall(r"^## (.+)$", content, flags=re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_decision_records_are_numbered_without_a_gap() -> None:
    """The records count from 0001, each number once."""
    assert [record.name[:4] for record in ADRS] == [f"{number:04d}" for number in range(1, len(ADRS) + 1)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_a_document_names_no_machine_and_no_index(document: Path) -> None:
    """No path of one machine and no host of a package index stands in a document."""
    content = document.read_text(encoding="utf-8")

    assert not re.search(r"(?<![\w.])/(home|root|work|tmp|Users|mnt)/", content)
    assert not re.search(
        r"pypi\.|pythonhosted|index-url|maven\.org|repo1?\.maven|artifactory", content.lower()
    )
