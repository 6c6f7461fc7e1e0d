"""From a plan to a function of a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from days_to_sell.errors import BundleError
from days_to_sell.scoring.answers import Score
from days_to_sell.scoring.plan.plan import Check, Plan
from days_to_sell.scoring.rows import runtime
from days_to_sell.scoring.rows.readers import reader
from days_to_sell.scoring.rows.writer import Writer

# What spares a call to the reader where a value is as it should be.
_AS_DUE = {"number": "type({0}) is not float", "string": "type({0}) is not str and {0} is not None"}


def compile_rows(plan: Plan) -> Score:
    """Write and compile the function that scores one row.

    The source is built from numbers of the plan alone, so nothing in a bundle can become code.
    """
    variables = {column: f"i{number}" for number, column in enumerate(plan.inputs)}
    writer = Writer(variables)
    body = [*_read(plan, writer, variables), *_compute(plan, writer)]
    source = "\n".join(["def score(row):", *(f"    {line}" for line in body), "    return answer", ""])
    # Only what the source names is within its reach.
    namespace = writer.constants
    namespace["__builtins__"] = _BUILTINS
    try:
        exec(compile(source, "<bundle>", "exec"), namespace)  # noqa: S102 - see above
    except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
        raise BundleError(
            f"its {len(plan.stages)} stages, from {plan.stages[0].name!r} on, are too much for Python to "
            f"compile ({error}); cut the pipeline, or score with engine=jvm"
        ) from error
    score: Score = namespace["score"]
    return score


_BUILTINS = {
    "KeyError": KeyError,
    "dict": dict,
    "float": float,
    "int": int,
    "len": len,
    "str": str,
    "type": type,
}


def _read(plan: Plan, writer: Writer, variables: Mapping[str, str]) -> Iterator[str]:
    """Write what reads the input columns of a row."""
    if not plan.inputs:
        return
    yield "try:"
    for column, variable in variables.items():
        yield f"    {variable} = row[{writer.constant(column)}]"
    yield "except KeyError:"
    lacking = f"{writer.constant(runtime.lacking)}(row, {writer.constant(tuple(plan.inputs))})"
    yield f"    raise {lacking} from None"
    for column, kind in plan.inputs.items():
        variable = variables[column]
        read = f"{variable} = {writer.constant(reader(column, kind))}({variable})"
        unusual = _AS_DUE.get(kind.name, "").format(variable)
        yield f"if {unusual}: {read}" if unusual else read


def _compute(plan: Plan, writer: Writer) -> Iterator[str]:
    """Write what computes the stages, in order, and puts the answer together."""
    found: dict[str, str] = {}
    for stage in plan.stages:
        for check in stage.checks:
            source = _check(check, writer)
            yield from _taken(writer)
            yield source
        for column, expression in stage.computed(plan.outputs).items():
            found[column] = writer.write(expression)
            yield from _taken(writer)
    yield "answer = dict(row)"
    for column, variable in found.items():
        yield f"answer[{writer.constant(column)}] = {variable}"
    yield f"if len(answer) != len(row) + {len(found)}:"
    yield f"    raise {writer.constant(runtime.clashing)}(row, {writer.constant(tuple(found))})"


def _check(check: Check, writer: Writer) -> str:
    truth = writer.write(check.truth)
    if check.message is None:
        return f"if {truth}: return None"
    value = "" if check.value is None else f", {writer.write(check.value)}"
    return f"if {truth}: raise {writer.constant(runtime.refused)}({writer.constant(check.message)}{value})"


def _taken(writer: Writer) -> list[str]:
    """Take the lines that a writer has written since."""
    lines = list(writer.lines)
    writer.lines.clear()
    return lines
