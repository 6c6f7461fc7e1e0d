"""How classes of expressions are made."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar, dataclass_transform

Class = TypeVar("Class", bound=type)


@dataclass_transform(eq_default=False, frozen_default=True)
def expression(cls: Class) -> Class:
    """Make a class as ``dataclass(frozen=True, eq=False)`` does, as far as expressions need it.

    The library writes and compiles four functions for each class, which took longer for all of them than
    reading a small bundle and scoring with it.
    """
    names = tuple(cls.__annotations__)
    due = frozenset(name for name in names if not hasattr(cls, name))

    def init(self: Any, *values: Any, **named: Any) -> None:
        found = dict(zip(names, values, strict=False)) | named
        if len(values) + len(named) != len(found) or not due <= found.keys() <= set(names):
            raise TypeError(f"{cls.__name__} takes {', '.join(names)}")
        # Past the class's own __setattr__; a field that is not given is found on the class.
        self.__dict__.update(found)

    def refuse(self: Any, name: str, value: Any = None) -> NoReturn:
        raise AttributeError(f"{cls.__name__} is not changed once it is made: {name}")

    def shown(self: Any) -> str:
        return f"{cls.__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    for name, method in {
        "__init__": init,
        "__setattr__": refuse,
        "__delattr__": refuse,
        "__repr__": shown,
        "__match_args__": names,
    }.items():
        setattr(cls, name, method)
    return cls
