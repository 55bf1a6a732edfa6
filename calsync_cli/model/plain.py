"""`dataclass` for classes of plain data: the same to those who use them, at a fraction of the start (design 5).

Shape   @dataclass(frozen=True, slots=True), frozen or not, with or without eq. field, replace, fields, asdict and
        matching of patterns are the standard library's own and work with them as with its own. Always with slots
Why     the standard library writes and compiles six methods a class, at half a millisecond: a run with nothing to do
        loads eighty classes, and spent a seventh of its time on that. Here nothing is written: the methods are the same
        functions for all classes, each with the slots of its own
Law     tests/unit/test_plain.py holds each method against the standard library's
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    from dataclasses import _FIELD, MISSING, Field, FrozenInstanceError, field
    from operator import attrgetter

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
        if eq:
            _compare(space, [name for name, one in known.items() if one.compare], hashed=frozen)
        if frozen:
            space |= {
                "__setattr__": _no_change, "__delattr__": _no_removal,
                "__getstate__": _state, "__setstate__": _set_state,
            }
        made = type(cls)(cls.__name__, cls.__bases__, space)
        made.__init__ = _init(made, known)
        return made

    def _field(name, kind, space):
        given = space.pop(name, MISSING)
        made = given if isinstance(given, Field) else field(default=given)
        made.name, made.type, made._field_type = name, kind, _FIELD
        return made

    def _init(cls, known):
        """Each field is set through its slot, which stays open in a frozen class."""
        puts = tuple(getattr(cls, name).__set__ for name in known)
        places = {name: place for place, name in enumerate(known)}
        defaults = tuple(one.default for one in known.values())
        unset = tuple((places[n], n, one.default_factory) for n, one in known.items() if one.default is MISSING)
        count, owner = len(puts), f"{cls.__qualname__}.__init__()"

        def __init__(self, *values, **named):
            if named or len(values) != count:
                values = filled(values, named)
            for put, value in zip(puts, values):  # noqa: B905  (as many, and this is called most of all)
                put(self, value)

        def filled(values, named):
            """All values in order: those given by place, those given by name, and what stands in for the others."""
            given = len(values)
            if given > count:
                raise TypeError(f"{owner} takes {count} values but {given} were given")
            full = [*values, *defaults[given:]]
            for name, value in named.items():
                if (place := places.get(name, -1)) < given:
                    why = "multiple values for" if name in places else "an unexpected keyword"
                    raise TypeError(f"{owner} got {why} argument {name!r}")
                full[place] = value
            for place, name, new in unset:
                if full[place] is MISSING:
                    if new is MISSING:
                        raise TypeError(f"{owner} missing argument: {name!r}")
                    full[place] = new()
            return full

        return __init__

    def _compare(space, names, *, hashed):
        get = attrgetter(*names) if names else lambda self: ()
        values = get if len(names) != 1 else lambda self: (get(self),)

        def equal(self, other):
            return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

        space.setdefault("__eq__", equal)
        space["__hash__"] = (lambda self: hash(values(self))) if hashed else None

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
