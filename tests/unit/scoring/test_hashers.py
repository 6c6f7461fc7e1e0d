"""Feature hashing, and the text by which hashers and indexers know numbers, on bundles written by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.errors import ScoringError
from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.hashing import murmur3
from days_to_sell.scoring.kinds import BOOLEAN, NUMBER
from days_to_sell.scoring.numerals import double_text
from days_to_sell.scoring.python import BATCH_FROM
from tests.unit.scoring.bundles import Document, bundle, indexer, node, refusal, shapes, strings
from tests.unit.scoring.features import hasher
from tests.unit.scoring.models import count

NAN = math.nan
# The columns of Spark's own example of a feature hasher.
EXAMPLE = {"real": "double", "bool": "boolean", "stringNum": "string", "string": "string"}


def hashed(path: Path, document: Document, **row: Any) -> dict[int, float]:
    """What a hasher makes of a row, by rows and by arrays alike: position and value of what is not zero."""
    loaded = load_bundle(bundle(path, document))
    alone = loaded.transform([row])[0]["out"]
    together = [each["out"] for each in loaded.transform([row] * BATCH_FROM)]
    assert repr(together) == repr([alone] * BATCH_FROM)
    return {position: value for position, value in enumerate(alone) if value != 0.0}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((2.0, True, "1", "foo"), {174475: 2.0, 247670: 1.0, 257907: 1.0, 262126: 1.0}),
        ((3.0, False, "2", "bar"), {70644: 1.0, 89673: 1.0, 173866: 1.0, 174475: 3.0}),
    ],
)
def test_columns_fall_where_they_do_in_sparks_example(
    tmp_path: Path, row: tuple[Any, ...], expected: dict[int, float]
) -> None:
    """The positions are those that Spark's documentation prints."""
    loaded = load_bundle(bundle(tmp_path, hasher(EXAMPLE, buckets=1 << 18)))
    found = loaded.transform([dict(zip(EXAMPLE, row, strict=True))])[0]["out"]
    assert {position: value for position, value in enumerate(found) if value != 0.0} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 142593372),
        ("a", -1293573533),
        ("ab", -684913081),
        ("abc", 1313807976),
        ("abcd", -396302900),
        ("日本", 685738085),
        ("x=\U0001f600", 2119688363),
    ],
)
def test_texts_of_every_length_hash_as_in_spark(text: str, expected: int) -> None:
    """The last bytes, which make no whole word, count as the original algorithm has it."""
    assert murmur3(text) == expected


def test_half_a_surrogate_pair_is_a_question_mark(tmp_path: Path) -> None:
    """As Java encodes it; the text is no error of the row."""
    document = hasher({"t": "string"})
    assert hashed(tmp_path, document, t="\ud800") == hashed(tmp_path, document, t="?")


def test_what_falls_on_one_place_adds_up(tmp_path: Path) -> None:
    """A number, a text and a truth in a vector of one element."""
    document = hasher({"x": "double", "t": "string", "b": "boolean"}, buckets=1)
    assert hashed(tmp_path, document, x=2.5, t="a", b=False) == {0: 4.5}


def test_null_is_nowhere_but_as_a_number(tmp_path: Path) -> None:
    """A null text, truth or whole category adds nothing; a null number is NaN, as everywhere."""
    columns = {"t": "string", "b": "boolean", "n": "int"}
    assert hashed(tmp_path, hasher(columns, "n"), t=None, b=None, n=None) == {}
    assert math.isnan(hashed(tmp_path, hasher({"x": "double"}, buckets=1), x=None)[0])


@pytest.mark.parametrize(("kind", "text"), [("double", "3.0"), ("int", "3"), ("long", "3"), ("short", "3")])
def test_a_category_of_numbers_is_told_by_its_text(tmp_path: Path, kind: str, text: str) -> None:
    """A double has a point, whole numbers have none, whatever the row brings."""
    document = hasher({"x": kind}, "x", buckets=1 << 10)
    place = murmur3(f"x={text}") % (1 << 10)
    assert hashed(tmp_path, document, x=3) == hashed(tmp_path, document, x=3.0) == {place: 1.0}


@pytest.mark.parametrize("value", [1.5, math.inf, 2.0**54])
def test_a_whole_category_is_whole(tmp_path: Path, value: float) -> None:
    """A fraction was no value of that column, and a double does not tell larger numbers apart."""
    loaded = load_bundle(bundle(tmp_path, hasher({"n": "long"}, "n")))
    with pytest.raises(
        ScoringError, match=r"column 'n' holds .*, and 'n0' takes a whole number of type long"
    ):
        loaded.transform([{"n": value}])


def test_a_float_is_rounded_as_its_column_was(tmp_path: Path) -> None:
    """To single precision, and to infinity beyond it."""
    document = hasher({"x": "float"}, buckets=1)
    assert hashed(tmp_path, document, x=0.1) == {0: 0.10000000149011612}
    assert hashed(tmp_path, document, x=-1e300) == {0: -math.inf}


@pytest.mark.parametrize("value", ["true", 2, 0.5])
def test_a_truth_is_true_or_false(tmp_path: Path, value: Any) -> None:
    """Or one or zero; the message says so."""
    loaded = load_bundle(bundle(tmp_path, hasher({"b": "boolean"})))
    assert loaded.inputs == {"b": BOOLEAN}
    for rows in ([{"b": value}], [{"b": True}] * BATCH_FROM + [{"b": value}]):
        with pytest.raises(ScoringError, match="column 'b' must hold true, false or null"):
            loaded.transform(rows)


def test_a_truth_may_be_a_number_to_another_node(tmp_path: Path) -> None:
    """Whichever of them is first, rows bring true and false."""
    assembler = node("vector_assembler", {"input0": "b"}, {"output": "v"}, {"input_shapes": shapes(None)})
    for nodes in ([assembler, hasher({"b": "boolean"})], [hasher({"b": "boolean"}), assembler]):
        loaded = load_bundle(bundle(tmp_path, *nodes))
        assert loaded.inputs == {"b": BOOLEAN}
        assert loaded.transform([{"b": True}, {"b": False}])[0]["v"] == [1.0]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        (9999999.999, "9999999.999"),
        (1e7, "1.0E7"),
        (123456789.125, "1.23456789125E8"),
        (-2.5e10, "-2.5E10"),
        (1e23, "1.0E23"),
        (5e-324, "4.9E-324"),
        (NAN, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
    ],
)
def test_a_double_is_written_as_java_writes_it(number: float, text: str) -> None:
    """With a point always, and an exponent below 0.001 and from ten million on."""
    assert double_text(number) == text


def numbers(*labels: str, **attributes: Any) -> Document:
    """An indexer of ``age``, of which labels were made."""
    known = {"labels": strings(*labels), "handle_invalid": {"string": "keep"}}
    return node("string_indexer", {"input": "age"}, {"output": "rank"}, known | attributes)


ASSEMBLER = node(
    "vector_assembler",
    {"input0": "rank", "input1": "age"},
    {"output": "features"},
    {"input_shapes": shapes(None, None)},
)


@pytest.mark.parametrize(
    ("age", "rank"),
    [(2.5e10, 0.0), (1, 1.0), (1.0, 1.0), (NAN, 2.0), (None, 2.0), (-0.0, 3.0), (0.0, 4.0), (7, 5.0)],
)
def test_an_indexer_of_numbers_tells_them_by_their_text(
    tmp_path: Path, age: float | None, rank: float
) -> None:
    """A later node says that the column holds numbers; zeros of both signs are two categories."""
    labels = ("2.5E10", "1.0", "NaN", "-0.0", "0.0")
    loaded = load_bundle(bundle(tmp_path, numbers(*labels), ASSEMBLER))
    assert loaded.inputs == {"age": NUMBER}
    assert [each["rank"] for each in loaded.transform([{"age": age}] * BATCH_FROM)] == [rank] * BATCH_FROM
    assert loaded.transform([{"age": age}])[0]["rank"] == rank


def test_labels_of_whole_numbers_are_numbers_too(tmp_path: Path) -> None:
    """The column was one of integers, whose text has no point."""
    loaded = load_bundle(bundle(tmp_path, numbers("3", "10"), ASSEMBLER))
    assert [each["rank"] for each in loaded.transform([{"age": 10}, {"age": 3.0}])] == [1.0, 0.0]


def test_an_unseen_number_is_refused_by_the_message_of_its_column(tmp_path: Path) -> None:
    """With the text that it was looked up by."""
    loaded = load_bundle(bundle(tmp_path, numbers("3", handle_invalid={"string": "error"}), ASSEMBLER))
    with pytest.raises(ScoringError, match=r"column 'age' holds '4\.0', which 'n0' was not fitted on"):
        loaded.transform([{"age": 4}])


def test_a_column_of_texts_stays_one(tmp_path: Path) -> None:
    """Labels that look like numbers say nothing: engine sizes may be texts."""
    loaded = load_bundle(bundle(tmp_path, indexer(labels=strings("1.0", "1.6"))))
    assert loaded.transform([{"make": "1.6"}])[0]["rank"] == 1.0
    with pytest.raises(ScoringError, match="column 'make' must hold text or null"):
        loaded.transform([{"make": 1.6}])


REFUSED = {
    "no name": (hasher({"x": "double"}, input_names=strings()), "1 inputs, 0 names, 1 types and 1 shapes"),
    "a vector": (hasher({"x": "double"}, input_shapes=shapes(2)), "takes numbers, texts and truths"),
    "a type of its own": (hasher({"x": "byte_string"}), "takes numbers, texts and truths, found byte_string"),
    "no places": (hasher({"x": "double"}, buckets=0), "hashes into 0 features; from 1 to 4194304"),
    "too many places": (hasher({"x": "double"}, num_features=count(5_000_000)), "hashes into 5000000"),
    "a category of floats": (hasher({"x": "float"}, "x"), "takes 'x', of type float, for a category"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_hasher_that_contradicts_itself_is_refused(tmp_path: Path, case: str) -> None:
    """Before any row is scored, and by name."""
    document, words = REFUSED[case]
    assert words in refusal(bundle(tmp_path, document))


def test_a_column_is_not_text_to_one_and_number_to_another(tmp_path: Path) -> None:
    """But for an indexer, which takes any column for text."""
    assert "reads column 'age' as a number, but it holds a string" in refusal(
        bundle(tmp_path, hasher({"age": "string"}), numbers("1.0"), ASSEMBLER)
    )
