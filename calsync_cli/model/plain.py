"""`dataclass` for classes of plain data: the same to those who use them, at a fraction of the start (design 5).

Shape   @dataclass(frozen=True, slots=True), frozen or not, with or without eq. field, replace, fields, asdict and
        matching of patterns are the standard library's own and work with them as with its own. Always with slots
Why     the standard library writes and compiles six methods a class, at half a millisecond: a run with nothing to do
        loads eighty classes, and spent a seventh of its time on that. Here a method is written when it is first called,
        which most never are, or is the same for all classes
Law     tests/unit/test_plain.py holds each method against the standard library's
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    from dataclasses import _FIELD, MISSING, Field, FrozenInstanceError, field

    def dataclass(*, slots, frozen=False, eq=True):
        return lambda cls: _made(cls, frozen=frozen, eq=eq)

    def _made(cls, *, frozen, eq):
        """The class again, with a slot for each field; what its body says of a field is a default, not an attribute."""
        space = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
        inherited = getattr(cls, "__dataclass_fields__", {})
        own = {name: _field(name, kind, space) for name, kind in cls.__annotations__.items()}
        known = {**inherited, **own}
        space |= {
            "__qualname__": cls.__qualname__, "__slots__": tuple(name for name in own if name not in inherited),
            "__dataclass_fields__": known, "__match_args__": tuple(known),
        }
        space.setdefault("__repr__", _repr)
        if eq and not frozen:
            space["__hash__"] = None
        if frozen:
            space |= {
                "__setattr__": _no_change, "__delattr__": _no_removal,
                "__getstate__": _state, "__setstate__": _set_state,
            }
        made = type(cls)(cls.__name__, cls.__bases__, space)
        for name, write, wanted in (("__init__", _init, True), ("__eq__", _eq, eq), ("__hash__", _hash, eq and frozen)):
            if wanted and name not in space:
                _when_needed(made, name, write)
        return made

    def _field(name, kind, space):
        given = space.pop(name, MISSING)
        made = given if isinstance(given, Field) else field(default=given)
        made.name, made.type, made._field_type = name, kind, _FIELD
        return made

    def _when_needed(cls, name, write):
        def method(self, *values, **named):
            setattr(cls, name, write(cls))
            return getattr(cls, name)(self, *values, **named)

        setattr(cls, name, method)

    def _written(cls, name, words, lines, inside):
        exec(f"def {name}({', '.join(words)}):\n " + "\n ".join(lines), inside)
        inside[name].__qualname__ = f"{cls.__qualname__}.{name}"  # what a wrong call is told
        return inside[name]

    def _init(cls):
        """Each field is set through its slot, which stays open in a frozen class."""
        inside = {"_missing": MISSING}
        words, lines = ["self"], ["pass"]
        for name, one in cls.__dataclass_fields__.items():
            inside[f"_set_{name}"] = getattr(cls, name).__set__
            value = name
            if one.default_factory is not MISSING:
                inside[f"_new_{name}"] = one.default_factory
                words.append(f"{name}=_missing")
                value = f"_new_{name}() if {name} is _missing else {name}"
            elif one.default is not MISSING:
                inside[f"_default_{name}"] = one.default
                words.append(f"{name}=_default_{name}")
            else:
                words.append(name)
            lines.append(f"_set_{name}(self, {value})")
        return _written(cls, "__init__", words, lines, inside)

    def _values(cls, one):
        return f"({''.join(f'{one}.{name}, ' for name, each in cls.__dataclass_fields__.items() if each.compare)})"

    def _eq(cls):
        same = f"{_values(cls, 'self')} == {_values(cls, 'other')}"
        line = f"return {same} if other.__class__ is self.__class__ else NotImplemented"
        return _written(cls, "__eq__", ["self", "other"], [line], {})

    def _hash(cls):
        return _written(cls, "__hash__", ["self"], [f"return hash({_values(cls, 'self')})"], {})

    def _repr(self):
        shown = (f"{name}={getattr(self, name)!r}" for name, one in self.__dataclass_fields__.items() if one.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _no_change(self, name, value):
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _no_removal(self, name):
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _state(self):
        return [getattr(self, name) for name in self.__dataclass_fields__]

    def _set_state(self, state):
        for name, value in zip(self.__dataclass_fields__, state, strict=True):
            getattr(type(self), name).__set__(self, value)
