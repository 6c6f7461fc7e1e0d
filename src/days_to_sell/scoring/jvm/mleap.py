"""One bundle in MLeap's runtime, from bytes to bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from days_to_sell.scoring.jvm.fields import Field, read_field
from days_to_sell.scoring.jvm.machine import Machine

_MLEAP = "ml.combust.mleap"
_SIZE = struct.Struct(">i")


@dataclass(frozen=True)
class Api:
    """What is used of MLeap's Java API and of Java's own.

    Args:
        machine: The JVM.
    """

    machine: Machine

    def load(self, path: Path) -> Any:
        """Load the pipeline of a bundle; MLeap puts the path into an address without escaping it."""
        file = self.machine.java("java.io.File")(str(path))
        return self._dsl("BundleBuilder").load(file, self.context).root()

    @cached_property
    def context(self) -> Any:
        """The operators that the runtime knows."""
        return self._dsl("ContextBuilder").createMleapContext()

    def knows(self, op: str) -> bool:
        """Say whether the runtime has an operator of this name."""
        return bool(self.context.bundleRegistry().ops().contains(op))

    @cached_property
    def frames(self) -> Any:
        """Makes schemas and frames."""
        return self._dsl("LeapFrameBuilder")

    @cached_property
    def support(self) -> Any:
        """Gives what is in schemas and frames."""
        return self._dsl("LeapFrameSupport")

    @cached_property
    def charset(self) -> Any:
        """UTF-8."""
        return self.machine.java("java.nio.charset.StandardCharsets").UTF_8

    @cached_property
    def byte_array(self) -> Any:
        """The type of Java's arrays of bytes."""
        return self.machine.jpype.JArray(self.machine.jpype.JByte)

    @cached_property
    def frame_reader(self) -> Any:
        """Reads frames from bytes."""
        return self.machine.java(f"{_MLEAP}.binary.DefaultFrameReader")()

    def frame_writer(self, frame: Any) -> Any:
        """Writes a frame to bytes."""
        return self.machine.java(f"{_MLEAP}.binary.DefaultFrameWriter")(frame)

    def row_reader(self, schema: Any) -> Any:
        """Reads rows from bytes."""
        return self.machine.java(f"{_MLEAP}.binary.DefaultRowReader")(schema)

    def row_writer(self, schema: Any) -> Any:
        """Writes rows to bytes."""
        return self.machine.java(f"{_MLEAP}.binary.DefaultRowWriter")(schema)

    def stages(self, transformer: Any) -> Iterator[Any]:
        """Give the nodes of a pipeline in order, pipelines inside pipelines laid flat."""
        if not isinstance(transformer, self.machine.java(f"{_MLEAP}.runtime.transformer.Pipeline")):
            yield transformer
            return
        children = transformer.transformers().iterator()
        while children.hasNext():
            yield from self.stages(children.next())

    def fields(self, schema: Any) -> list[Field]:
        """Read the columns of a schema."""
        return [read_field(declared) for declared in self.support.getFields(schema)]

    def schema(self, fields: Sequence[Field]) -> Any:
        """Make a schema."""
        return self.frames.createSchema(
            self.java_list([self.frames.createField(field.name, self._type(field)) for field in fields])
        )

    def row_transformer(self, schema: Any) -> Any:
        """Begin what transforms rows of a schema."""
        return self._dsl("RowTransformerSupport").createRowTransformer(schema)

    def select(self, transformer: Any, columns: Sequence[str]) -> Any:
        """Narrow what transforms rows to some columns."""
        names = self.java_list(columns)
        converters = self.machine.java("scala.collection.JavaConverters")
        return transformer.select(converters.asScalaBufferConverter(names).asScala().toSeq()).get()

    def java_list(self, values: Any = ()) -> Any:
        """Make a Java list of a sequence of values, or of what another Java list holds."""
        if not isinstance(values, self.machine.java("java.util.List")):
            values = self.machine.java("java.util.Arrays").asList(list(values))
        return self.machine.java("java.util.ArrayList")(values)

    def operator(self, transformer: Any) -> Any:
        """Make a Java function of ``transform``, so that Java goes through a batch by itself."""
        row = self.machine.java(f"{_MLEAP}.runtime.frame.Row").class_
        signature = self.machine.java("java.lang.invoke.MethodType").methodType(row, [row])
        lookup = self.machine.java("java.lang.invoke.MethodHandles").publicLookup()
        handle = lookup.findVirtual(transformer.getClass(), "transform", signature).bindTo(transformer)
        function = self.machine.java("java.util.function.UnaryOperator").class_
        return self.machine.java("java.lang.invoke.MethodHandleProxies").asInterfaceInstance(function, handle)

    def _dsl(self, name: str) -> Any:
        return self.machine.java(f"{_MLEAP}.runtime.javadsl.{name}")()

    def _type(self, field: Field) -> Any:
        base = getattr(self.frames, f"createBasic{field.base.capitalize()}")()
        if field.shape == "tensor":
            return self.frames.createTensor(base, field.nullable)
        scalar = self.machine.java(f"{_MLEAP}.core.types.ScalarType")
        return scalar(base, field.nullable)


class Transformer:
    """A pipeline over rows of one schema that gives some of its columns.

    Args:
        api: MLeap's API.
        schema: What rows hold.
        transformer: MLeap's own transformer of rows, narrowed to the columns asked for.
    """

    def __init__(self, api: Api, schema: Any, transformer: Any) -> None:
        self._api = api
        self._schema = transformer.schema()
        self._transformer = transformer
        self._reader, self._writer = api.row_reader(schema), api.row_writer(self._schema)
        self._operator = api.operator(transformer)
        self._dropped = api.machine.java("java.util.Collections").singleton(None)
        # What a frame of this schema begins with, as the runtime itself writes it.
        empty = bytes(
            api.frame_writer(api.frames.createFrame(schema, api.java_list())).toBytes(api.charset).get()
        )
        self._head = empty[: -_SIZE.size]

    def one(self, row: bytes) -> bytes | None:
        """Transform one row; None if it is dropped."""
        api = self._api
        read = self._reader.fromBytes(api.byte_array(row), api.charset).get()
        found = self._transformer.transform(read)
        return None if found is None else bytes(self._writer.toBytes(found, api.charset).get())

    def many(self, rows: Sequence[bytes]) -> tuple[int, bytes]:
        """Transform rows; those that are dropped are left out.

        Returns:
            How many are left, and they.
        """
        api = self._api
        content = b"".join((self._head, _SIZE.pack(len(rows)), *rows))
        frame = api.frame_reader.fromBytes(api.byte_array(content), api.charset).get()
        found = api.java_list(api.support.collect(frame))
        found.replaceAll(self._operator)
        found.removeAll(self._dropped)
        written = bytes(
            api.frame_writer(api.frames.createFrame(self._schema, found)).toBytes(api.charset).get()
        )
        # A frame is the length of its schema, the schema, the number of rows, and they.
        body = 2 * _SIZE.size + _SIZE.unpack_from(written)[0]
        return int(found.size()), written[body:]
