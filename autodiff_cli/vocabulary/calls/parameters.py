"""The kinds of parameters: which values fit, and what is passed on for them.

Sources, in torch/csrc/utils: python_arg_parser.{h,cpp}, python_numbers.h (the range of numbers).
"""

from __future__ import annotations

from collections.abc import Callable

from autodiff_cli.errors import OverflowFault, TypeFault, ValueFault, fault_of
from autodiff_cli.execute import item
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Number
from autodiff_cli.record import Record

# `numpy_compatibility_arg_names`: NumPy's names that stand for the reference's, in order of trial.
NUMPY_NAMES: dict[str, tuple[str, ...]] = {
    "dim": ("axis",),
    "keepdim": ("keepdims",),
    "input": ("x", "a", "x1"),
    "other": ("x2",),
}

# `should_allow_numbers_as_tensors`; the in-place forms (`add_`) are in that list as well.
NUMBERS_AS_TENSORS = frozenset(
    "add sub mul div subtract multiply divide true_divide floor_divide to copy".split()
)

# How messages call a type where that is not the name of the Python class. A layer with objects for
# more of the reference's types (a device, a layout) enters its classes here, by which parameters of
# that type accept them.
TYPE_NAMES: dict[type, str] = {Node: "Tensor", DType: "torch.dtype"}

PYTHON_DTYPES: dict[type, DType] = {
    bool: dtypes.bool_,
    int: dtypes.int64,
    float: dtypes.float64,
}


def type_name(value: object) -> str:
    """The name of a value's type in the reference's messages.

    >>> type_name(1.5), type_name(dtypes.float32), type_name(None), type_name(...)
    ('float', 'torch.dtype', 'NoneType', 'ellipsis')
    """
    kind = type(value)
    return TYPE_NAMES.get(kind, kind.__name__)


class Kind(Record):
    """The type of a parameter.

    Attributes:
        name: as messages print it.
        plain: Python types whose values all fit.
        accepts: whether a value of another type fits.
        unpack: turns a value that fits into what is passed on; None if that is the value itself.
    """

    name: str
    plain: frozenset[type] = frozenset()
    accepts: Callable[[object, Parameter], bool] = lambda *_: False
    unpack: Callable[[object, Parameter], object] | None = None


class Parameter(Record):
    """One parameter of a signature.

    Attributes:
        function: the function's name, for messages.
        argnum: the place in the signature, from 0.
        size: how many ints a lone int stands for where several are due; 0 if it does not fit.
        default: its value if it is left out; only an optional parameter has one.
        text: as messages list it.
    """

    function: str
    argnum: int
    name: str
    kind: Kind
    size: int
    allow_none: bool
    keyword_only: bool
    optional: bool
    default: object
    text: str

    @classmethod
    def parse(cls, text: str, function: str, argnum: int, keyword_only: bool) -> Parameter:
        """Read `type name` or `type name = default`, with `[size]` and `?` after the type."""
        declared, equals, default = text.partition(" = ")
        annotation, _, name = declared.rpartition(" ")
        type_text, _, size = annotation.rstrip("]?").partition("[")
        kind = KINDS[type_text]
        if kind is TENSOR and function.removesuffix("_") in NUMBERS_AS_TENSORS:
            kind = OPERAND
        copies = int(size or 0)
        allow_none = annotation.endswith("?") or default == "None"
        value = _parse_default(default, kind, copies) if equals else None
        listed = f"{kind.name} {name}{equals}{default}"
        optional = bool(equals)
        return cls(
            function, argnum, name, kind, copies, allow_none, keyword_only, optional, value, listed
        )


def _parse_default(text: str, kind: Kind, size: int) -> object:
    """The value of a default; what is no literal, such as `torch.strided`, stays text."""
    constants = {"None": None, "True": True, "False": False}
    if text in constants:
        return constants[text]
    if text[0] in "\"'":
        return text[1:-1]
    if text[0] == "{":
        return tuple([int(element) for element in text[1:-1].split(",") if element])
    if kind is INTS:
        return (int(text),) * size
    for number in (float,) if kind is FLOAT else (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return dtypes.NAMES.get(text.removeprefix("torch."), text)


def _is_scalar(value: object, _: Parameter) -> bool:
    return isinstance(value, Node) and not value.ndim and not value.requires_grad


def _is_integer_scalar(value: object, _: Parameter) -> bool:
    return isinstance(value, Node) and not value.ndim and value.dtype.category == dtypes.INTEGER


def _is_symint(value: object, _: Parameter) -> bool:
    """`is_int_or_symint`."""
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, Node) and not value.dtype.is_floating and value.numel == 1


def accepts_ints(value: object, parameter: Parameter) -> bool:
    """`is_int_or_symint_list`: of a sequence, the first element decides."""
    if isinstance(value, (tuple, list)):
        return not value or _is_symint(value[0], parameter)
    return parameter.size > 0 and _is_symint(value, parameter)


def _is_floats(value: object, _: Parameter) -> bool:
    """`is_float_or_complex_list`: the first element decides."""
    return isinstance(value, (tuple, list)) and (not value or isinstance(value[0], (int, float)))


def _is_tensors(value: object, parameter: Parameter) -> bool:
    """`is_tensor_list_and_append_overloaded`, which rules out the other overloads."""
    if not isinstance(value, (tuple, list)):
        return False
    for i, element in enumerate(value):
        if not isinstance(element, Node):
            place = f"element {i} in argument {parameter.argnum}"
            raise TypeFault(f"expected Tensor as {place}, but got {type_name(element)}")
    return True


def _is_python_dtype(value: object, _: Parameter) -> bool:
    return isinstance(value, type) and value in PYTHON_DTYPES


def _is_named(value: object, parameter: Parameter) -> bool:
    """Whether `TYPE_NAMES` calls its type by the parameter's; a generator's is in `torch._C`."""
    return TYPE_NAMES.get(type(value), "").replace("._C", "") == parameter.kind.name


def _to_number(value: object, _: Parameter) -> Number:
    """`PythonArgs::scalar`."""
    number = item(value) if isinstance(value, Node) else value
    assert isinstance(number, (int, float))
    if isinstance(number, int) and not -(2**63) <= number < 2**64:
        negative = "can't convert negative int to unsigned"
        raise OverflowFault(negative if number < 0 else "int too big to convert")
    return number


def _to_operand(value: object, parameter: Parameter) -> object:
    return value if isinstance(value, Node) else _to_number(value, parameter)


def _to_int(value: object, _: Parameter) -> int:
    number = item(value) if isinstance(value, Node) else value
    assert isinstance(number, int)
    if not -(2**63) <= number < 2**63:
        raise ValueFault("Overflow when unpacking long long")
    return int(number)


def _to_float(value: object, _: Parameter) -> float:
    number = item(value) if isinstance(value, Node) else value
    assert isinstance(number, (int, float))
    try:
        return float(number)
    except OverflowError as error:
        raise fault_of(error) from None


def _to_ints(value: object, parameter: Parameter) -> tuple[int, ...]:
    """`PythonArgs::intlist`, which only now looks at the elements after the first."""
    if not isinstance(value, (tuple, list)):
        return (_to_int(value, parameter),) * parameter.size
    numbers = []
    for i, element in enumerate(value):
        try:
            if not (isinstance(element, bool) or _is_symint(element, parameter)):
                raise ValueFault(f"type must be {parameter.kind.name},but got {type_name(element)}")
            numbers.append(_to_int(element, parameter))
        except ValueFault as fault:
            raise TypeFault(
                f"{parameter.function}(): argument '{parameter.name}' failed to unpack the object "
                f'at pos {i + 1} with error "{fault.message}"'
            ) from None
    return tuple(numbers)


def _to_floats(value: object, parameter: Parameter) -> tuple[float, ...]:
    """`PythonArgs::getDoublelist`, which only now looks at the elements after the first."""
    assert isinstance(value, (tuple, list))
    for i, element in enumerate(value):
        if not (element.numel == 1 if isinstance(element, Node) else type(element) in NUMBERS):
            raise TypeFault(
                f"{parameter.function}(): argument '{parameter.name}' must be "
                f"{parameter.kind.name}, but found element of type {type_name(element)} "
                f"at pos {i + 1}"
            )
    return tuple([_to_float(element, parameter) for element in value])


def _to_tuple(value: object, _: Parameter) -> tuple[object, ...]:
    assert isinstance(value, (tuple, list))
    return tuple(value)


def _to_dtype(value: object, _: Parameter) -> object:
    return PYTHON_DTYPES[value] if isinstance(value, type) else value


NUMBERS = frozenset({int, float, bool})
TENSOR = Kind("Tensor", frozenset({Node}))
OPERAND = Kind("Tensor", NUMBERS | {Node}, unpack=_to_operand)
FLOAT = Kind("float", NUMBERS, _is_scalar, _to_float)
INTS = Kind("tuple of ints", accepts=accepts_ints, unpack=_to_ints)

KINDS = {
    "Tensor": TENSOR,
    "Number": Kind("Number", NUMBERS, _is_scalar, _to_number),
    "float": FLOAT,
    "int": Kind("int", frozenset({int}), _is_integer_scalar, _to_int),
    "SymInt": Kind("int", frozenset({int}), _is_symint, _to_int),
    "bool": Kind("bool", frozenset({bool})),
    "str": Kind("str", frozenset({str})),
    "object": Kind("object", accepts=lambda *_: True),
    "tuple of ints": INTS,
    "tuple of floats": Kind("tuple of floats", accepts=_is_floats, unpack=_to_floats),
    "tuple of Tensors": Kind("tuple of Tensors", accepts=_is_tensors, unpack=_to_tuple),
    "torch.dtype": Kind("torch.dtype", frozenset({DType}), _is_python_dtype, _to_dtype),
    "torch.device": Kind("torch.device", frozenset({str, int}), _is_named),
    "torch.layout": Kind("torch.layout", accepts=_is_named),
    "torch.memory_format": Kind("torch.memory_format", accepts=_is_named),
    "torch.Generator": Kind("torch.Generator", accepts=_is_named),
}
