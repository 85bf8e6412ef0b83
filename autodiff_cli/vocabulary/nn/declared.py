"""Modules whose options are declared once, as a text.

    plain(SOURCE, "Softplus(beta=1.0, threshold=20.0)", "F.softplus", "beta threshold")

is all of `nn.Softplus`. Where a class has more to say, `module` decorates it.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any, TypeVar

from autodiff_cli.vocabulary.calls.calling import subclassable, torch_function
from autodiff_cli.vocabulary.calls.declared import initialized, keeping, options, taking
from autodiff_cli.vocabulary.nn.module import Module

C = TypeVar("C", bound=type)


def declared(text: str, function: str = "", shows: str = "") -> Callable[[C], C]:
    """Declare what a class of modules is initialized with, calls and shows.

    Args:
        text: its options, with the name by which errors call it: "Hardshrink(lambd=0.5)". They become
            attributes, but for those that its `_start` takes, which is called last; only a name if it has
            its base's `__init__`, or its own.
        function: what its `forward` calls, as `calling` takes it; nothing if it has one.
        shows: what its `extra_repr` shows, as `showing` takes it; nothing if it has one.
    """

    def declare(cls: C) -> C:
        if "(" in text:
            keep = keeping(cls)

            def begin(self: Any, device: Any = None, **given: Any) -> None:
                Module.__init__(self)
                if device is not None:
                    torch_function("empty")(0, device=device)  # which refuses all but the processor
                keep(self, given)

            initialized(cls, text, begin)
        if function:
            calling(cls, function)
        if shows:
            showing(cls, shows)
        return cls

    return declare


def module(source: str, text: str, function: str = "", shows: str = "") -> Callable[[C], C]:
    """Declare, as `declared` does, a class behind `torch.nn`; the reference has it in `source`."""

    def declare(cls: C) -> C:
        declared(text, function, shows)(cls)
        return subclassable(source, f"nn.{cls.__name__}")(cls)

    return declare


def plain(source: str, text: str, function: str, shows: str = "", base: type = Module) -> type:
    """A class behind `torch.nn` of which the declaration says everything."""
    name = text.partition("(")[0]
    return module(source, text, function, shows)(type(name, (base,), {"__qualname__": name}))


def calling(cls: Any, function: str, by_name: bool = False) -> None:
    """Give a class a `forward` that calls a function of torch.

    Args:
        function: "F.hardtanh", which gets the input and all options; "F.cosine_similarity(x1, x2)" for other
            tensors than the input; "F.dropout(input, self.p, self.training)" for other arguments.
        by_name: whether it gets the options by name.
    """
    name, _, inside = function.removesuffix(")").partition("(")
    arguments = inside.split(", ") if inside else ["input"]
    tensors = [argument for argument in arguments if "self." not in argument]
    places = [text[5:] for text in arguments if text.startswith("self.")]
    named = [text.split("=self.") for text in arguments if "=self." in text]
    if tensors == arguments:
        kept = [option for option in options(cls.__init__) if option not in LEGACY]
        places, named = ([], [[o, o] for o in kept]) if by_name else (kept, [])
    bind = taking(f"{cls.__name__}.forward", ", ".join(["self", *tensors]))
    count = len(tensors)

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != count:
            args = tuple(bind(self, *args, **kwargs).values())[1:]
        given = [getattr(self, attribute) for attribute in places]
        others = {option: getattr(self, attribute) for option, attribute in named}
        return torch_function(name)(*args, *given, **others)

    forward.__qualname__ = bind.__qualname__
    forward.__wrapped__ = bind  # type: ignore[attr-defined]
    cls.forward = forward


LEGACY = ("size_average", "reduce")  # of losses, which make their reduction of them


def showing(cls: Any, words: str) -> None:
    """Give a class an `extra_repr`.

    Args:
        words: the attributes that it shows: "p" as "p=0.5"; "{p}" as "0.5"; "p!r" by its repr; "p?" only
            if it isn't the option's default; "p=True" as it stands, if it is true. Of a parameter is
            shown whether there is one.
    """

    def shown(self: Any, word: str) -> str:
        name, literal, _ = word.removesuffix("!r").strip("{}?").partition("=")
        value = getattr(self, name)
        if literal:
            return word if value else ""
        if name in self._parameters:
            value = value is not None
        if word[-1] == "?" and _usual(value, signature(cls.__init__).parameters[name].default):
            return ""
        text = repr(value) if word.endswith("!r") else str(value)
        return text if word[0] == "{" else f"{name}={text}"

    def extra_repr(self: Any) -> str:
        return ", ".join(filter(None, (shown(self, word) for word in words.split())))

    extra_repr.__qualname__ = f"{cls.__name__}.extra_repr"
    cls.extra_repr = extra_repr


def _usual(value: Any, default: Any) -> bool:
    """Whether an option has its default, or that once for each dimension."""
    if isinstance(default, bool):
        return value is default
    return bool(value == (default,) * len(value) if isinstance(value, tuple) else value == default)
