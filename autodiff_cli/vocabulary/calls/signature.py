"""Binding a call's arguments to the overloads of one of the reference's functions.

Overloads are tried in the reference's order, and a call that fits none fails in its words. Sources,
in torch/csrc/utils: python_arg_parser.{h,cpp} (what fits, how it is converted, most messages),
python_numbers.h (the range of numbers), invalid_arguments.cpp (the message that lists overloads).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from autodiff_cli.errors import TypeFault
from autodiff_cli.ir.node import Node
from autodiff_cli.vocabulary.calls.parameters import (
    INTS,
    NUMPY_NAMES,
    TENSOR,
    Parameter,
    accepts_ints,
    type_name,
)

Args: TypeAlias = tuple[object, ...]
Kwargs: TypeAlias = Mapping[str, object]
Bound: TypeAlias = dict[str, object]  # the value of each parameter, by name
Mismatch: TypeAlias = Callable[[], str]  # makes the message that says why a call does not fit


class Signature:
    """One overload.

    Args:
        function: its name, for messages.
        texts: its parameters as messages print them; a `*` goes before the keyword-only ones.
        index: its place among the overloads as declared.
        deprecated: whether it is tried last and never listed.
    """

    def __init__(
        self, function: str, texts: Sequence[str], index: int, deprecated: bool = False
    ) -> None:
        star = texts.index("*") if "*" in texts else len(texts)
        texts = [*texts[:star], *texts[star + 1 :]]
        self.function = function
        self.index = index
        self.deprecated = deprecated
        self.parameters = tuple(
            [Parameter.parse(text, function, i, i >= star) for i, text in enumerate(texts)]
        )
        self.max_positional = star
        required = [p.argnum for p in self.parameters if not p.optional]
        self.min_args = len(required)
        self.required = max(required, default=-1) + 1  # from here on all are optional
        self.defaults = {p.name: p.default for p in self.parameters}
        self.takes_varargs = star == 1 and self.parameters[0].kind is INTS  # `view(2, 3)`

    def __str__(self) -> str:
        """The parameters, as messages list them.

        >>> str(Signature("eye", ["SymInt n", "*", "torch.dtype? dtype = None"], 0))
        '(int n, *, torch.dtype dtype = None)'
        """
        texts = [p.text for p in self.parameters]
        if self.max_positional < len(texts):
            texts.insert(self.max_positional, "*")
        return f"({', '.join(texts)})"

    def parse(self, args: Args, kwargs: Kwargs) -> Bound | Mismatch:
        """Bind a call, or say why it does not fit (`FunctionSignature::parse`).

        Raises:
            TypeFault: an element of a sequence is wrong, which rules out the other overloads too.
            ValueFault, OverflowFault: a number is out of range.
        """
        count = len(args)
        varargs = self.takes_varargs and accepts_ints(args, self.parameters[0])
        if count > self.max_positional and not varargs:
            return partial(self._too_many, count)
        bound = self.defaults.copy()
        to_unpack = []
        position = 0
        unused = len(kwargs)
        for parameter in self.parameters:
            by_name = position >= count
            if not by_name:
                if parameter.keyword_only:  # the first of several ints was taken by itself
                    return partial(self._too_many, count)
                value = args[position]
            elif unused and (name := _keyword(parameter.name, kwargs)) is not None:
                value = kwargs[name]
                unused -= 1
            elif not parameter.optional:
                return partial(self._missing, parameter.argnum)
            elif unused or parameter.argnum < self.required:
                continue
            else:
                break
            kind = parameter.kind
            if (
                type(value) in kind.plain
                or (value is None and parameter.allow_none)
                or kind.accepts(value, parameter)
            ):
                bound[parameter.name] = value
            elif varargs and position == 0 and not by_name:
                bound[parameter.name] = args
                position = count
            else:
                return partial(_wrong_type, parameter, value, None if by_name else position)
            if kind.unpack is not None and value is not None:
                to_unpack.append((parameter.name, kind.unpack, parameter))
            position += 1
        if unused:
            return partial(self._unexpected, kwargs, count)
        for name, unpack, parameter in reversed(
            to_unpack
        ):  # as the reference's compiler ordered it
            bound[name] = unpack(bound[name], parameter)
        return bound

    def takes(self, count: int) -> bool:
        """Whether it may fit so many positional arguments and nothing else."""
        return self.min_args <= count <= self.max_positional or self.takes_varargs

    def bound_by_types(self, args: Args) -> bool:
        """Whether the types of positional arguments that fit decide that they do, and are passed on as is."""
        for value, parameter in zip(args, self.parameters, strict=False):
            kind = parameter.kind
            if value is None and parameter.allow_none:
                continue
            if type(value) not in kind.plain or (kind.unpack and type(value) is not Node):
                return False
        return True

    def _too_many(self, count: int) -> str:
        least, most = self.min_args, self.max_positional
        if least != most:
            takes = f"from {least} to {most} positional arguments but {count} were"
        else:
            arguments = "argument" if most == 1 else "arguments"
            takes = f"{most} positional {arguments} but {count} {'was' if count == 1 else 'were'}"
        return f"{self.function}() takes {takes} given"

    def _missing(self, start: int) -> str:
        names = [f'"{p.name}"' for p in self.parameters[start:] if not p.optional]
        plural = "s" if len(names) == 1 else ""  # the wrong way round in the reference
        missing = f"{len(names)} required positional argument{plural}: {', '.join(names)}"
        return f"{self.function}() missing {missing}"

    def _unexpected(self, kwargs: Kwargs, count: int) -> str:
        indices = {p.name: p.argnum for p in self.parameters}
        for name in kwargs:
            if name not in indices:
                return f"{self.function}() got an unexpected keyword argument '{name}'"
            if indices[name] < count:
                return f"{self.function}() got multiple values for argument '{name}'"
        return "invalid keyword arguments"


def _wrong_type(parameter: Parameter, value: object, position: int | None) -> str:
    argument = f"{parameter.function}(): argument '{parameter.name}'"
    found = f"not {type_name(value)}"
    if position is not None:
        argument += f" (position {position + 1})"
        if parameter.kind is INTS and isinstance(value, (tuple, list)):
            found = f"but found element of type {type_name(value[0])} at pos 0"
    return f"{argument} must be {parameter.kind.name}, {found}"


def _keyword(name: str, kwargs: Kwargs) -> str | None:
    """The name by which a call gives parameter `name`, if it does."""
    if name in kwargs:
        return name
    for alias in NUMPY_NAMES.get(name, ()):
        if alias in kwargs:
            return alias
    return None


class Overloads:
    """The overloads of one function or method. Nothing is parsed before the first call.

    Args:
        name: the function's name, for messages.
        texts: its signatures, in the reference's order and as its messages print them, with the
            name in front: `"sum(Tensor input, tuple of ints[1]? dim, bool keepdim = False)"`. After
            a type, `[n]` lets a lone int stand for n of them and `?` lets None be passed. `SymInt`
            prints as `int` and takes any integer tensor of one element. A last `|deprecated` marks
            a signature that is tried last and never listed.
        method: drop the tensor that the method belongs to (`Tensor input` or `Tensor self`) and
            `out`, which no method has. A signature without such a tensor is left out.

    Example:
        >>> eye = Overloads("eye", ["eye(SymInt n, *, torch.dtype? dtype = None)"])
        >>> eye.bind((3,), {"dtype": float})
        (0, {'n': 3, 'dtype': torch.float64})
        >>> eye.bind((3.0,), {})
        Traceback (most recent call last):
        autodiff_cli.errors.TypeFault: eye(): argument 'n' (position 1) must be int, not float
    """

    __slots__ = ("_signatures", "method", "name", "texts")

    def __init__(self, name: str, texts: Sequence[str], *, method: bool = False) -> None:
        self.name = name
        self.texts = texts
        self.method = method
        self._signatures: list[Signature] = []

    @property
    def signatures(self) -> list[Signature]:
        """The signatures in the order in which they are tried."""
        if not self._signatures:
            found = []
            for index, text in enumerate(self.texts):
                inside, _, flag = text.partition("(")[2].rpartition(")")
                parameters = inside.split(", ") if inside else []
                if self.method:
                    receivers = [p for p in parameters if p in ("Tensor input", "Tensor self")]
                    if not receivers:
                        continue
                    parameters.remove(receivers[0])
                    parameters = [p for p in parameters if not p.endswith(" out = None")]
                deprecated = flag == "|deprecated"
                found.append(Signature(self.name, parameters, index, deprecated))
            # in one step: another thread takes what is there for all of them
            self._signatures = sorted(found, key=lambda signature: signature.deprecated)
        return self._signatures

    def bind(self, args: Args, kwargs: Kwargs) -> tuple[int, Bound]:
        """Find the first overload that a call fits (`PythonArgParser::raw_parse`).

        What is passed for a number comes out as one: lists of ints as tuples, tensors as the number
        in them, an int for a float as a float. A number that is passed for a tensor, which the
        functions in `NUMBERS_AS_TENSORS` take, stays a number.

        Returns:
            the overload's place in `texts`, and the value of each of its parameters.

        Raises:
            TypeFault: the call fits no overload.
            ValueFault, OverflowFault: a number is out of range.
        """
        for signature in self._signatures or self.signatures:
            bound = signature.parse(args, kwargs)
            if isinstance(bound, dict):
                return signature.index, bound
        raise TypeFault(self._mismatch(args, kwargs), hint=self._tensor_hint(args))

    def _tensor_hint(self, args: Args) -> str | None:
        """What to type where a number or a list stands for the tensor."""
        if self.method or not args or not isinstance(args[0], (int, float, list)):
            return None
        if not any(s.parameters and s.parameters[0].kind is TENSOR for s in self.signatures):
            return None
        given = args[0]
        if isinstance(given, list):
            tensors = any(type(entry) in TENSOR.plain for entry in given)
            return f"it takes a tensor: {'stack' if tensors else 'tensor'}([...])"
        if isinstance(given, int) and not -(2**63) <= given < 2**63:
            return None
        return f"it takes a tensor: tensor({float(given)!r})"

    def _mismatch(self, args: Args, kwargs: Kwargs) -> str:
        """Say why no overload fits (`PythonArgParser::print_error`)."""
        count = len(args) + len(kwargs)
        listed = [s for s in self.signatures if not s.deprecated]
        plausible = [s for s in listed if s.min_args <= count <= len(s.parameters)]
        if len(self.signatures) == 1:
            if self.method and not listed[0].parameters:  # Python checks the call of such a method
                refused = "keyword arguments" if kwargs else f"arguments ({len(args)} given)"
                return f"TensorBase.{self.name}() takes no {refused}"
            plausible = listed
        if len(plausible) == 1:
            mismatch = plausible[0].parse(args, kwargs)
            assert not isinstance(mismatch, dict)
            return mismatch()
        options = [str(signature) for signature in listed]
        return f"{self.name}() {_invalid_combination(args, kwargs, options)}"


def _invalid_combination(args: Args, kwargs: Kwargs, options: Sequence[str]) -> str:
    """List the overloads, and why those for this number of arguments do not fit.

    This is `format_invalid_args`, which keeps keyword arguments in a `std::unordered_map`: the last
    comes first. Where two of three or more share a bucket, its order is another and not reproduced.
    """
    named = {name: kwargs[name] for name in reversed(list(kwargs))}
    got = _listed([type_name(v) for v in args], [f"{n}={type_name(v)}" for n, v in named.items()])
    text = "received an invalid combination of arguments - got "
    why = "      didn't match because some of the"
    if len(options) > 1:
        text += f"{got}, but expected one of:\n"
    for option in options:
        # The printed text is read again: a "*" counts as a parameter, and a default as its name.
        wanted = [parameter.rpartition(" ")[::2] for parameter in option[1:-1].split(", ")]
        same_count = len(wanted) == len(args) + len(named)
        known = [name for _, name in wanted[-len(named) :]]
        unknown = ", ".join([name for name in named if name not in known])
        if len(options) == 1:
            if unknown:
                return f"{text}unrecognized keyword arguments: {unknown}"
            got = _marked(wanted, args, named) if same_count else got
            return f"{text}{got}, but expected {option}"
        text += f" * {option}\n"
        if same_count and unknown:
            text += f"{why} keywords were incorrect: {unknown}\n"
        elif same_count:
            text += f"{why} arguments have invalid types: {_marked(wanted, args, named)}\n"
    return text


def _marked(wanted: Sequence[tuple[str, str]], args: Args, named: Kwargs) -> str:
    """The types of the arguments, with marks around the wrong ones (`_formattedArgDesc`)."""
    marked = []
    for i, (kind, name) in enumerate(wanted):
        value = args[i] if i < len(args) else named[name]
        found = type_name(value)
        mark = "" if found == kind or (found, kind) == ("int", "float") else "!"
        if isinstance(value, (tuple, list)):
            elements = ", ".join([type_name(element) for element in value])
            comma = "," if len(value) == 1 else ""
            found += f" of [{elements}]" if isinstance(value, list) else f" of ({elements}{comma})"
        marked.append(f"{mark}{'' if i < len(args) else name + '='}{found}{mark}")
    return _listed(marked[: len(args)], marked[len(args) :])


def _listed(positional: Sequence[str], named: Sequence[str]) -> str:
    """Arguments in parentheses; only after positional ones the reference drops the last comma.

    >>> _listed(["Tensor"], ["dim=str"]), _listed([], ["dim=str"])
    ('(Tensor, dim=str)', '(dim=str, )')
    """
    return f"({', '.join([*positional, *named])}{', ' if named and not positional else ''})"
