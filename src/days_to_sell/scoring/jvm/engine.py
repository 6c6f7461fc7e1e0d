"""The engine on the JVM: rows cross as bytes, alone or by the thousand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

from days_to_sell.errors import ScoringError
from days_to_sell.scoring.answers import Answer, Row, attempt, require_columns, without_dropped
from days_to_sell.scoring.jvm.decode import RowDecoder
from days_to_sell.scoring.jvm.encode import RowEncoder
from days_to_sell.scoring.jvm.fields import Field, fixed_first
from days_to_sell.scoring.jvm.mleap import Api, Transformer
from days_to_sell.scoring.jvm.refusals import java_errors
from days_to_sell.scoring.kinds import Kind
from days_to_sell.scoring.rows.runtime import clashing

# Enough that crossing costs little, few enough that a small heap holds every column of them.
BATCH_ROWS = 1_000


@dataclass(frozen=True, eq=False)
class JvmBundle:
    """A bundle scored by MLeap's own runtime, see :class:`days_to_sell.scoring.Bundle`.

    Args:
        name: Name of the bundle.
        api: MLeap's API.
        stages: The nodes of the pipeline, as MLeap has them.
        reads: The columns that it reads, in order.
        writes: The columns that it writes, in order.
        asked: Those of them that are asked for.
    """

    name: str
    api: Api
    stages: tuple[Any, ...]
    reads: tuple[Field, ...]
    writes: tuple[Field, ...]
    asked: tuple[Field, ...]
    engine = "jvm"

    @property
    def inputs(self) -> Mapping[str, Kind]:
        """The columns that rows must bring."""
        return {field.name: field.kind for field in self.reads}

    @property
    def outputs(self) -> Mapping[str, Kind]:
        """The columns that are added."""
        return {field.name: field.kind for field in self.asked}

    def select(self, columns: Sequence[str]) -> JvmBundle:
        """Give the bundle that adds no other columns than these."""
        require_columns(columns, self.outputs)
        return replace(self, asked=tuple(field for field in self.asked if field.name in columns))

    def prepare(self) -> None:
        """Put the stages together now rather than at the first row; what does not fit together shows."""
        _ = self._encoder, self._decoder, self._transformer

    def transform(self, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Score rows; those that the pipeline drops are left out."""
        return without_dropped(list(self._answers(rows)))

    def transform_each(self, rows: Iterable[Mapping[str, Any]]) -> list[Answer]:
        """Score rows, with an answer to each: its error where it is refused, None where it is dropped."""
        return list(self._answers(rows))

    def transform_row(self, row: Mapping[str, Any]) -> Row | None:
        """Score one row; None if the pipeline drops it."""
        self.api.machine.check_process()
        written = self._encoder.encode(row)
        with java_errors(self.api.machine):
            found = self._transformer.one(written)
        if found is None:
            return None
        (values,) = self._decoder.decode(found, 1)
        return self._answer(row, values)

    def _answers(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Answer]:
        waiting = iter(rows)
        while batch := list(islice(waiting, BATCH_ROWS)):
            yield from self._batch(batch)

    def _batch(self, rows: Sequence[Mapping[str, Any]]) -> list[Answer]:
        self.api.machine.check_process()
        answers: list[Answer] = [None] * len(rows)
        written = []
        for position, row in enumerate(rows):
            try:
                written.append(self._encoder.encode(row, position))
            except ScoringError as error:
                answers[position] = error
        try:
            with java_errors(self.api.machine):
                count, content = self._transformer.many(written)
        except ScoringError:
            # The runtime gives up a whole batch and does not say for which row.
            return [attempt(self.transform_row, row) for row in rows]
        for values in self._decoder.decode(content, count):
            position = values[0]
            try:
                answers[position] = self._answer(rows[position], values)
            except ScoringError as error:
                answers[position] = error
        return answers

    def _answer(self, row: Mapping[str, Any], values: Sequence[Any]) -> Row:
        answer = dict(row)
        for name, place in self._places:
            answer[name] = values[place]
        if len(answer) != len(row) + len(self._places):
            raise clashing(row, [name for name, _ in self._places])
        return answer

    @cached_property
    def _encoder(self) -> RowEncoder:
        return RowEncoder(self.reads)

    @cached_property
    def _decoder(self) -> RowDecoder:
        return RowDecoder(fixed_first(self.asked))

    @cached_property
    def _places(self) -> tuple[tuple[str, int], ...]:
        """Each column asked for, and where its value stands in what is decoded, behind the position."""
        places = {field.name: place for place, field in enumerate(fixed_first(self.asked), start=1)}
        return tuple((field.name, places[field.name]) for field in self.asked)

    @cached_property
    def _transformer(self) -> Transformer:
        known = {field.name for field in (*self.reads, *self.writes)}
        position = next(name for n in range(len(known) + 1) if (name := f"position{n}") not in known)
        # A row that is dropped leaves a gap, so each tells which it is.
        place = Field(position, "scalar", "int", nullable=False)
        schema = self.api.schema([place, *self._encoder.fields])
        transformer = self.api.row_transformer(schema)
        for stage in self.stages:
            transformer = stage.transform(transformer).get()
        asked = [position, *(field.name for field in fixed_first(self.asked))]
        return Transformer(self.api, schema, self.api.select(transformer, asked))
