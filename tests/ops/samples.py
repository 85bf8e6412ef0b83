"""Sample operands and parameters of every primitive, at points where it is differentiable."""

from __future__ import annotations

import importlib
import math
import pkgutil
from typing import Any

import numpy as np

from autodiff_cli import ops
from autodiff_cli.ir import dtypes

for family in pkgutil.iter_modules(ops.__path__):  # all operations, whichever tests run
    importlib.import_module(f"{ops.__name__}.{family.name}")

F64 = dtypes.float64
A = np.array([[0.7, -1.3, 2.1], [0.4, 1.9, -0.6]])
C = np.array([[1.1, 0.8, -0.9], [-1.7, 0.35, 1.2]])
POSITIVE = np.abs(A) + 0.3
UNIT = (np.tanh(A) + 1) / 2
ROW = np.array([0.9, -1.1, 1.6])
SQUARE = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [0.1, 0.6, 1.3]])
CUBE = (np.arange(24.0).reshape(2, 3, 4) % 7 - 3.3) / 2
ZEROS_IN = np.array([[2.0, 0.0, 3.0, -1.5], [0.0, 0.0, 4.0, 0.5]])
MASK = A > 0
LABELS = np.array([0, 2])
WEIGHTS = np.array([1.0, 2.0, 0.5])

QUERIES = [np.sin(np.arange(48.0) * n).reshape(2, 2, 4, 3)[:, :, : 4 - n % 2] for n in (1, 2, 4)]
SCORES = np.cos(np.arange(24.0)).reshape(2, 1, 3, 4)
ALLOWED = (SCORES > -0.5) & (np.arange(3)[:, None] != 1)  # the second query may look at nothing

Sample = tuple[list[Any], dict[str, Any]]

REDUCED: list[dict[str, Any]] = [
    {"dim": None, "keepdim": False},
    {"dim": (0,), "keepdim": False},
    {"dim": (1,), "keepdim": True},
]


def reductions(operand: Any, **params: Any) -> list[Sample]:
    return [([operand], how | params) for how in REDUCED]


def losses(*operands: Any, **params: Any) -> list[Sample]:
    return [(list(operands), {"reduction": r} | params) for r in ("none", "mean", "sum")]


SAMPLES: dict[str, list[Sample]] = {
    "add": [([A, ROW], {"alpha": 1}), ([A, C], {"alpha": 2.5})],
    "sub": [([A, ROW], {"alpha": 1}), ([ROW, A], {"alpha": 2})],
    "rsub": [([A, ROW], {"alpha": 1}), ([A, ROW], {"alpha": 3})],
    "rsub_number": [([A], {"other": 2.5, "alpha": 1})],
    "add_number": [([A], {"other": 2.5})],
    "mul_number": [([A], {"other": 2.5})],
    "div_number": [([A], {"other": 2.5})],
    "mul": [([A, C], {}), ([A, ROW], {}), ([A, A[:, :1]], {})],
    "div": [([A, C], {}), ([ROW, A], {})],
    "div_floor": [([A, C], {})],
    "div_trunc": [([A, C], {})],
    "remainder": [([A, C], {})],
    "remainder_number": [([A], {"other": 0.75})],
    "fmod": [([A, C], {})],
    "fmod_number": [([A], {"other": 0.75})],
    "pow": [([POSITIVE, C], {}), ([POSITIVE, ROW], {})],
    "pow_number": [([A], {"exponent": n}) for n in (0, 1, 2, 3, -1, -2)]
    + [([POSITIVE], {"exponent": p}) for p in (0.5, -0.5, 2.5)],
    "pow_from_number": [([A], {"base": 2.5}), ([POSITIVE], {"base": 0})],
    "where": [([MASK, A, C], {}), ([MASK, A, ROW], {})],
    "masked_fill": [([A, MASK], {"value": 0.5})],
    "minimum": [([A, C], {}), ([A, ROW], {})],
    "maximum": [([A, C], {}), ([A, ROW], {})],
    "clamp": [
        ([A], {"min": -1, "max": 1}),
        ([A], {"min": 0.5, "max": None}),
        ([A], {"min": None, "max": 0.5}),
    ],
    "div_exact": [([A, C], {})],
    "clamp_min_number": [([A], {"min": 0.5})],
    "clamp_max_number": [([A], {"max": 0.5})],
    "clamp_min_tensor": [([A, C], {})],
    "clamp_max_tensor": [([A, C], {})],
    "repeat": [([ROW], {"repeats": (2, 3)}), ([A], {"repeats": (2, 1, 2)})],
    "clamp_min": [([A, C], {})],
    "clamp_max": [([A, C], {})],
    "clamp_between": [([A, C - 0.5, C + 0.5], {})],
    "relu": [([A], {})],
    "cast": [([A], {"dtype": F64})],
    "sum": reductions(A, dtype=F64) + [([CUBE], {"dim": (0, 2), "keepdim": False, "dtype": F64})],
    "mean": reductions(A, dtype=F64),
    "prod": reductions(A, dtype=F64)
    + reductions(ZEROS_IN, dtype=F64)
    + [([CUBE], {"dim": (1,), "keepdim": False, "dtype": F64})],
    "amax": reductions(A),
    "amin": reductions(A),
    "max": [([A], {"dim": None, "keepdim": False})],
    "min": [([A], {"dim": None, "keepdim": False})],
    "max_dim": [([A], {"dim": (1,), "keepdim": k}) for k in (False, True)],
    "min_dim": [([A], {"dim": (0,), "keepdim": k}) for k in (False, True)],
    "linalg_vector_norm": [
        ([A], how | {"ord": p, "dtype": F64})
        for how in REDUCED
        for p in (0.5, 1.0, 1.5, 2.0, 3.0, math.inf, -math.inf, 0.0)
    ],
    "logsumexp": reductions(A) + [([CUBE], {"dim": (0, 1), "keepdim": True})],
    "softmax": [([A], {"dim": 0}), ([CUBE], {"dim": 1}), ([np.array(0.5)], {"dim": 0})],
    "log_softmax": [([A], {"dim": 1}), ([CUBE], {"dim": 0})],
    **{
        name: [([A], {"shape": (3, 2)}), ([CUBE], {"shape": (4, 6)})]
        for name in (
            "view",
            "reshape_alias",
            "unsafe_view",
            "squeeze",
            "squeeze_dim",
            "squeeze_dims",
            "squeeze_product",
            "unsqueeze",
            "alias",
            "squeeze_written",
            "squeeze_dim_written",
            "squeeze_dims_written",
            "unsqueeze_written",
        )
    },
    "permute": [([CUBE], {"dims": (2, 0, 1)})],
    "transpose": [([CUBE], {"dims": (0, 2, 1)})],
    "transpose_outputs": [([CUBE], {"dims": (1, 0, 2)})],
    "t": [([A], {"dims": (1, 0)})],
    "transpose_written": [([CUBE], {"dims": (0, 2, 1)})],
    "t_written": [([A], {"dims": (1, 0)})],
    "expand": [([ROW], {"shape": (2, 3)}), ([A[:, :1]], {"shape": (4, 2, 3)})],
    "sum_to": [([CUBE], {"shape": (3, 1)}), ([A], {"shape": ()})],
    "select": [([CUBE], {"dim": 1, "index": 2})],
    "unbind": [([A], {"dim": 0, "index": 1})],
    "select_backward": [([ROW], {"shape": (2, 3), "dim": 0, "index": 1})],
    "slice": [([CUBE], {"dim": 2, "start": 1, "stop": 4, "step": 2})],
    "slice_backward": [([A], {"shape": (2, 7), "dim": 1, "start": 1, "stop": 6, "step": 2})],
    "cat": [([A, C, A], {"dim": 1}), ([A, np.zeros(0)], {"dim": 0})],
    "stack": [([A, C], {"dim": 1})],
    "gather": [([A, np.array([[0, 0], [2, 1]])], {"dim": 1})],
    "put_along": [([A[:, :2], np.array([[0, 0], [2, 1]])], {"shape": (2, 3), "dim": 1})],
    "index": [
        ([A, np.array([1, 0, 1])], {"dims": (0,)}),
        ([CUBE, np.array([1, 0]), np.array([[2], [1]])], {"dims": (0, 2)}),
        ([CUBE, np.array([1, 0]), np.array([2, 1])], {"dims": (1, 2)}),
    ],
    "masked_select": [([A, np.array([1, 0, 1]), np.array([0, 0, 2])], {"dims": (0, 1)})],
    "index_backward": [
        ([np.stack([ROW, ROW * 2]), np.array([1, 1])], {"dims": (0,), "shape": (2, 3)})
    ],
    "index_select": [([A, np.array([2, 0, 2])], {"dim": 1})],
    "dot": [([ROW, ROW * ROW + 1], {})],
    "mv": [([A, ROW], {})],
    "mm": [([A, SQUARE], {})],
    "bmm": [([CUBE, np.swapaxes(CUBE, 1, 2) + 0.5], {})],
    "addmm": [
        ([ROW, A, SQUARE], {"beta": 1, "alpha": 1}),
        ([A, A, SQUARE], {"beta": 0.5, "alpha": 2}),
    ],
    **{
        name: [([A], {}), ([SQUARE], {}), ([np.swapaxes(CUBE, 0, 1) + CUBE[:1, :1] ** 3], {})]
        for name in ("linalg_svdvals", "svd_u", "svd_vh")
    },
    "mse_loss": losses(A, C),
    "binary_cross_entropy": losses(UNIT, 1 - UNIT) + losses(UNIT, UNIT**2, POSITIVE),
    "binary_cross_entropy_with_logits": [
        sample
        for flags, weights in (
            ({"weighted": False, "pos_weighted": False}, []),
            ({"weighted": True, "pos_weighted": False}, [POSITIVE]),
            ({"weighted": False, "pos_weighted": True}, [WEIGHTS]),
            ({"weighted": True, "pos_weighted": True}, [POSITIVE, WEIGHTS]),
        )
        for sample in losses(A, UNIT, *weights, **flags)
    ],
    "nll_loss": losses(A, LABELS, ignore_index=-100)
    + losses(A, LABELS, WEIGHTS, ignore_index=0)
    + losses(CUBE, np.array([[0, 1, 2, 0], [2, 2, 1, 0]]), ignore_index=1),
    "nll_loss_backward": [
        ([np.array(1.5), LABELS], {"reduction": "mean", "ignore_index": -100, "shape": (2, 3)}),
        (
            [np.array([0.5, 2.0]), LABELS, WEIGHTS],
            {"reduction": "none", "ignore_index": -100, "shape": (2, 3)},
        ),
    ],
}
DOMAINS = {
    "asin": np.tanh(A),
    "acos": np.tanh(A),
    "atanh": np.tanh(A) * 0.9,
    "acosh": POSITIVE + 1,
    "log": POSITIVE,
    "log2": POSITIVE,
    "log10": POSITIVE,
    "log1p": POSITIVE,
    "sqrt": POSITIVE,
    "rsqrt": POSITIVE,
}
UNARY = (
    "exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal sin cos tan asin acos atan sinh cosh "
    "tanh asinh acosh atanh sigmoid abs sign floor ceil trunc round clone unpacked neg rnn_layer"
).split()
SAMPLES |= {name: [([DOMAINS.get(name, A)], {})] for name in UNARY}

INDEX = np.array([[0, 1, 1], [1, 0, 0]])
PICK = np.array([2, 0])
PLACES = {"shape": (4, 3), "offset": -1, "dim1": 0, "dim2": 1}

SAMPLES |= {
    **{
        name: [([A], how | {"correction": correction}) for how in REDUCED for correction in (0, 1)]
        for name in ("std", "var", "std_of_pair", "var_of_pair", "mean_of_std", "mean_of_var")
    },
    "nansum": reductions(A, dtype=F64),
    "aminmax_min": reductions(A),
    "aminmax_max": reductions(A),
    "recurrence": [([A, C], {"dim": 0}), ([A, C], {"dim": 1})],
    "recurrence_back": [([A, C], {"dim": 0}), ([A, C], {"dim": 1})],
    "cumsum": [([A], {"dim": 1, "dtype": F64}), ([CUBE], {"dim": 0, "dtype": F64})],
    "cumprod": [
        ([A], {"dim": 1, "dtype": F64}),
        ([ZEROS_IN], {"dim": 1, "dtype": F64}),
        ([np.array(2.0)], {"dim": 0, "dtype": F64}),
    ],
    "logcumsumexp": [([A], {"dim": 1}), ([CUBE], {"dim": 0}), ([np.array(2.0)], {"dim": 0})],
    **{
        name: [([A, INDEX], {"dim": 1}), ([A, np.array([[1, 0, 1]])], {"dim": 0})]
        for name in ("sort", "sort_stable", "topk", "cummax", "cummin")
    },
    **{
        name: [([A, np.array([[2], [0]])], {"dim": 1, "keepdim": k}) for k in (False, True)]
        for name in ("kthvalue", "mode", "median_dim", "nanmedian_dim")
    },
    "median": [([ROW], {"dim": None})],
    "nanmedian": [([ROW], {"dim": None})],
    "lerp": [([A, C, UNIT], {}), ([A, C, ROW], {})],
    "lerp_number": [([A, C], {"weight": 0.3})],
    "addcmul": [([A, C, ROW], {"value": 1}), ([A, C, ROW], {"value": 2.5})],
    "addcdiv": [([A, C, ROW], {"value": 1}), ([A, C, ROW], {"value": 2.5})],
    "split": [([CUBE], {"dim": 2, "start": 1, "stop": 4, "step": 2})],
    "split_with_sizes": [([CUBE], {"dim": 2, "start": 1, "stop": 4, "step": 2})],
    "diagonal": [([CUBE], {"offset": 1, "dim1": 2, "dim2": 0})],
    "diagonal_copy": [([A], {"offset": 0, "dim1": 0, "dim2": 1})],
    "diagonal_backward": [([ROW], PLACES)],
    "diag_embed": [([ROW], PLACES)],
    "trace": [([SQUARE], {}), ([A], {})],
    "tril": [([A], {"diagonal": 0}), ([CUBE], {"diagonal": -1})],
    "triu": [([A], {"diagonal": 1})],
    "flip": [([CUBE], {"dims": (0, 2)})],
    "roll": [([CUBE], {"shifts": (1, -2), "dims": (0, 2)}), ([A], {"shifts": (2,), "dims": ()})],
    "rot90": [([CUBE], {"k": k, "dims": (2, 0)}) for k in (1, 2, -1)],
    "unfold": [([CUBE], {"dim": 2, "size": 2, "step": 1}), ([A], {"dim": 1, "size": 1, "step": 2})],
    "unfold_backward": [([A], {"shape": (5,), "dim": 0, "size": 3, "step": 2})],
    "constant_pad_nd": [
        ([A], {"margins": ((1, 0), (2, 1)), "value": 3}),
        ([A], {"margins": ((0, 1), (-1, 1)), "value": 3}),
    ],
    "block_diag": [([A, ROW, np.array(2.0)], {})],
    "scatter": [([A, np.array([[0, 1], [2, 0]]), C[:, :2]], {"dim": 1})],
    "scatter_number": [([A, INDEX], {"dim": 1, "value": 2.5})],
    "scatter_add": [([A, INDEX, C], {"dim": 1}), ([A, INDEX, C], {"dim": 0})],
    "index_add": [([A, PICK, C[:, :2]], {"dim": 1, "alpha": alpha}) for alpha in (1, 2.5)],
    "index_copy": [([A, PICK, C[:, :2]], {"dim": 1})],
    "index_fill_number": [([A, PICK], {"dim": 1, "value": 2.5})],
    "index_fill": [([A, PICK, np.array(2.5)], {"dim": 1})],
    "index_put": [
        ([A, ROW, np.array([1])], {"dims": (0,), "accumulate": False}),
        (
            [A, np.array(2.5), np.array([0, 0]), np.array([1, 1])],
            {"dims": (0, 1), "accumulate": True},
        ),
    ],
    "masked_scatter": [([A, MASK, C], {})],
    "masked_scatter_backward": [([A, MASK], {"shape": (2, 3)})],
    "masked_fill_tensor": [([A, MASK, np.array(2.5)], {})],
    "take": [([A, np.array([[5, 0], [5, 2]])], {})],
}
SAMPLES |= {
    "atan2": [([A, C], {}), ([A, ROW], {})],
    "hypot": [([A, C], {})],
    "logaddexp": [([A, C], {}), ([A, ROW], {})],
    "logaddexp2": [([A, C], {})],
    "fmax": [([A, C], {})],
    "fmin": [([A, C], {})],
    "copysign": [([A, C], {})],
    "copysign_number": [([A], {"other": -1.0})],
    "ldexp": [([A, np.array([1, 2, -1])], {}), ([A, C], {})],
    "nan_to_num": [([A], {"nan": None, "posinf": None, "neginf": None})],
    "round_decimals": [([A], {"decimals": 0}), ([A], {"decimals": 1})],
    "threshold": [([A], {"threshold": 0.5, "value": 3})],
    **{
        name + end: [([A, POSITIVE], {}), ([A, POSITIVE[0]], {})]
        for name in ("xlogy", "xlog1py")
        for end in ("", "_from_number", "_number")
    },
    "polygamma": [([POSITIVE], {"n": n}) for n in (0, 1, 2)],
    "mvlgamma": [([POSITIVE + 1], {"p": 3})],
    "logit": [([UNIT], {"eps": None}), ([UNIT], {"eps": 0.3})],
    "leaky_relu": [([A], {"slope": 0.1})],
    "elu": [([A], {"alpha": 1.5, "scale": 1.2, "input_scale": 0.7})],
    "celu": [([A], {"alpha": 1.5})],
    "gelu": [([A], {"approximate": how}) for how in ("none", "tanh")],
    "softplus": [([A], {"beta": 1, "threshold": 20}), ([A], {"beta": 2.0, "threshold": 1.0})],
    "hardtanh": [([A], {"min": -1, "max": 1.5})],
    "softshrink": [([A], {"bound": 0.5})],
    "hardshrink": [([A], {"bound": 0.5})],
    "prelu_kernel": [([A, ROW], {})],
    "prelu_by_x": [([C, A, ROW], {})],
    "prelu_by_weight": [([C, A], {})],
    "glu": [([CUBE], {"dim": 2}), ([A], {"dim": 0})],
}
DOMAINS |= {
    "erfinv": np.tanh(A),
    "lgamma": POSITIVE,
    "digamma": POSITIVE,
    "special_entr": POSITIVE,
    "special_ndtri": UNIT,
}
MORE_UNARY = (
    "erf erfc erfinv special_erfcx lgamma digamma sinc special_entr special_ndtri special_log_ndtr i0 "
    "special_i0e special_i1 special_i1e frac deg2rad rad2deg sgn silu mish log_sigmoid hardsigmoid "
    "hardswish"
).split()
SAMPLES |= {name: [([DOMAINS.get(name, A)], {})] for name in MORE_UNARY}

DEFINITE = SQUARE @ SQUARE.T + 0.4 * np.eye(3)
PAIR = np.stack([SQUARE, SQUARE.T + np.eye(3)])
# Matrices of which one triangle is read: their derivatives are compared by symmetric parts.
SYMMETRIC = {"linalg_cholesky", "cholesky", "eigh_values", "eigh_vectors"}
SAMPLES |= {
    "vdot": [([ROW, ROW * ROW + 1], {})],
    "addmv": [([A[:, 0], A, ROW], {"beta": 0.5, "alpha": 2})],
    "addr": [([A, C[:, 0], ROW], {"beta": 0.5, "alpha": 2})],
    "baddbmm": [([ROW, CUBE, np.swapaxes(CUBE, 1, 2) + 0.5], {"beta": 1, "alpha": 1.5})],
    "addbmm": [([SQUARE, CUBE, np.swapaxes(CUBE, 1, 2) + 0.5], {"beta": 2, "alpha": 1})],
    "linalg_inv": [([SQUARE], {}), ([PAIR], {})],
    "sinc_slope": [([A], {})],
    "cofactor": [([SQUARE], {})],
    "cofactor_bend": [([SQUARE, SQUARE.T**2], {}), ([PAIR, PAIR**2], {})],
    "linalg_det": [([SQUARE], {}), ([PAIR], {})],
    "det_sign": [([SQUARE], {})],
    "log_abs_det": [([PAIR], {})],
    "linalg_solve": [
        ([SQUARE, ROW], {"left": True, "vector": True}),
        ([PAIR, A.T], {"left": True, "vector": False}),
        ([SQUARE, A], {"left": False, "vector": False}),
    ],
    "solve_triangular": [
        ([np.triu(SQUARE), A.T], {"upper": True, "left": True}),
        ([np.tril(PAIR), A], {"upper": False, "left": False}),
    ],
    "plain_inv": [([SQUARE], {}), ([PAIR], {})],
    "linalg_pinv": [([x], {"rtol": 1e-9, "hermitian": False}) for x in (A, A.T, SQUARE)],
    "linalg_lstsq": [
        ([A.T, A.T[:, :1] ** 2], {"rtol": 1e-9, "vector": False}),
        ([A.T, A[0] ** 2], {"rtol": 1e-9, "vector": True}),
    ],
    "lstsq_residuals": [
        ([A.T, A.T**2], {"rtol": 1e-9, "vector": False}),
        ([A.T, A[0] ** 2], {"rtol": 1e-9, "vector": True}),
    ],
    "no_residuals": [([A, C, ROW], {})],
    "linalg_cholesky": [([DEFINITE], {"upper": upper}) for upper in (False, True)],
    "cholesky": [([DEFINITE], {"upper": False})],
    "qr_q": [([A], {}), ([A.T], {}), ([SQUARE], {})],
    "qr_r": [([A], {}), ([A.T], {}), ([SQUARE], {})],
    "eigh_values": [([DEFINITE], {"uplo": "L"})],
    "eigh_vectors": [([DEFINITE], {"uplo": "L"})],
    "linalg_matrix_exp": [([SQUARE], {})],
    "norm_dim": [
        ([A], {"ord": p, "dim": (1,), "keepdim": False, "dtype": F64}) for p in (1.0, 2.0)
    ],
    "dist": [([A, C], {"p": p}) for p in (1.0, 2.0, 3.0)],
    "cdist": [([A, SQUARE], {"p": p}) for p in (1.0, 2.0, 3.0, math.inf)],
    "linalg_cross": [([A, C], {"dim": 1}), ([A, C[:1]], {"dim": 1})],
}

IMAGE = (np.arange(50.0) * 7 % 11 - 4.6).reshape(1, 2, 5, 5) / 3
KERNELS = (np.arange(24.0) * 5 % 7 - 2.7).reshape(3, 2, 2, 2) / 2
STRIDED = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 1}
POOL = {
    "kernel": (2, 2),
    "stride": (2, 1),
    "padding": (1, 0),
    "pads": False,
    "ceil": False,
    "divisor": None,
}
PADDED = {"ways": (("reflect", 1, 2), ("reflect", 2, -1)), "name": "ReflectionPad2DBackward0"}
RESIZED = [
    PADDED,
    {"ways": (("circular", 1, -2), ("replicate", 2, 1)), "name": "CopySlices"},
    {"ways": (("nearest", 3, None, False), ("nearest", 8, 1.7, True)), "name": "UpsampleBackward0"},
    {"ways": (("linear", 7, 1.5, False), ("linear", 3, None, True)), "name": "UpsampleBackward0"},
    {"ways": (("cubic", 8, None, False), ("cubic", 1, None, True)), "name": "UpsampleBackward0"},
    {
        "ways": (("smooth linear", 2, None, False), ("smooth cubic", 7, None, False)),
        "name": "UpsampleBackward0",
    },
]
CHANNELS = {"dims": (0, 2), "affine": (1, 3, 1), "grouped": (2, 3, 4), "eps": 1e-5}


def cells(gates: int, states: int) -> list[Any]:
    """The operands of a recurrent layer."""
    rows = 2 * gates
    shapes = ((3, 2, 2), (rows, 2), (rows, 2), (rows,), (rows,), *((2, 2),) * states)
    return [
        np.sin(np.arange(math.prod(shape)) * (1.3 + place)).reshape(shape)
        for place, shape in enumerate(shapes)
    ]


STATES = np.cos(np.arange(24.0)).reshape(3, 2, 2, 2)
SAMPLES |= {
    "attention": [
        (QUERIES, {"scale": 0.5, "causal": False}),
        (QUERIES, {"scale": 0.5, "causal": True}),
        ([*QUERIES, SCORES], {"scale": -0.7, "causal": False}),
        ([*QUERIES, ALLOWED], {"scale": 0.5, "causal": False}),
    ],
    "lstm": [(cells(4, 2), {"reverse": reverse}) for reverse in (False, True)],
    "lstm_output": [([STATES], {"output": output, "time": 2}) for output in range(3)],
    "gru": [(cells(3, 1), {"reverse": reverse}) for reverse in (False, True)],
    "rnn": [
        (cells(1, 1), {"reverse": reverse, "bent": bent})
        for reverse in (False, True)
        for bent in (False, True)
    ],
    "last_state": [([STATES[:, 0]], {"time": 0, "grad_fn": "AddBackward0"})],
    "convolution": [
        (
            [CUBE, CUBE[:, :, :2] + 0.5, A[:, 0]],
            {"stride": (1,), "padding": (1,), "dilation": (2,), "groups": 1},
        ),
        ([IMAGE, KERNELS], STRIDED),
        ([IMAGE, KERNELS[:2, :1]], STRIDED | {"groups": 2}),
    ],
    "convolution_input": [
        (
            [np.cos(np.arange(54.0)).reshape(1, 3, 6, 3)[:, :, :3], KERNELS],
            STRIDED | {"shape": (1, 2, 5, 5)},
        )
    ],
    "convolution_weight": [
        ([np.cos(np.arange(27.0)).reshape(1, 3, 3, 3), IMAGE], STRIDED | {"shape": (3, 2, 2, 2)})
    ],
    "max_pool2d_with_indices": [([IMAGE, np.array([[[[6, 8]], [[12, 6]]]])], {"dims": 2})],
    "convolution_transposed": [
        ([IMAGE, np.swapaxes(KERNELS[:2], 0, 1), *bias], STRIDED | {"size": (9, 7)})
        for bias in ([], [ROW[:2]])
    ],
    "lu_factors": [([SQUARE], {}), ([A], {}), ([np.swapaxes(CUBE, 0, 1) + CUBE[:1, :1] ** 3], {})],
    "cholesky_solve": [
        ([SQUARE, A.T], {"upper": False}),
        ([np.stack([SQUARE, SQUARE.T]), A.T[None]], {"upper": True}),
    ],
    "cholesky_inverse": [([SQUARE], {"upper": up}) for up in (False, True)],
    "resample": [([IMAGE], how) for how in RESIZED],
    "resample_backward": [
        ([np.cos(np.arange(96.0)).reshape(1, 2, 8, 6)], PADDED | {"sizes": (5, 5)}),
        (
            [np.cos(np.arange(42.0)).reshape(1, 2, 7, 3)],
            RESIZED[3] | {"sizes": (5, 5)},
        ),
    ],
    "avg_pool2d": [
        ([IMAGE], POOL | more)
        for more in ({}, {"pads": True}, {"ceil": True, "stride": (2, 2)}, {"divisor": 3})
    ],
    "avg_pool2d_backward": [
        ([np.cos(np.arange(24.0)).reshape(1, 2, 3, 4)], POOL | {"shape": (1, 2, 5, 5)})
    ],
    "adaptive_avg_pool2d": [([IMAGE], {"size": (2, 3)}), ([CUBE], {"size": (1, 3, 3)})],
    "adaptive_avg_pool2d_backward": [
        ([IMAGE[..., :2, :3]], {"size": (2, 3), "shape": (1, 2, 5, 5)})
    ],
    "upsample_nearest2d": [([IMAGE], {"size": (7, 9)})],
    "upsample_nearest2d_backward": [([IMAGE], {"shape": (1, 2, 3, 2)})],
    "native_layer_norm": [
        ([CUBE, *pair], {"grouped": (2, 3, 4), "dims": (2,), "affine": (4,), "eps": 1e-3})
        for pair in ((), (CUBE[0, 0],), (CUBE[0, 0], CUBE[1, 1]))
    ],
    "native_group_norm": [
        (
            [CUBE, ROW, ROW + 1],
            {"grouped": (2, 1, 12), "dims": (2,), "affine": (1, 3, 1), "eps": 1e-5},
        )
    ],
    "native_batch_norm": [([CUBE], CHANNELS), ([CUBE, ROW, ROW + 1], CHANNELS)],
    "attached": [([A, A * 2], {})],
    "capped": [([A], {"bound": 0.5})],
    "away": [([A], {"bound": 0.5})],
    "falling_sigmoid": [([A], {})],
    "normal_hazard": [([A], {})],
    "batch_norm_fixed": [
        ([A, ROW, ROW * ROW], {"eps": 1e-5}),
        ([A, ROW, ROW * ROW, ROW + 2, ROW - 1], {"eps": 1e-5}),
    ],
    "embedding": [([SQUARE, np.array([[0, 2], [2, 0]])], {"padding": at}) for at in (-1, 1)],
    "smooth_l1_loss": losses(A, C, beta=1.0),
    "huber_loss": losses(A, C, delta=1.5),
    "soft_margin_loss": losses(A, np.sign(C)),
    "multi_margin_loss": [
        *losses(A, np.array([2, 0]), p=1, margin=1.5),
        *losses(A, np.array([2, 0]), np.array([0.5, 1.0, 2.0]), p=2, margin=2.0),
        *losses(A[0], np.array(1), p=2, margin=1.0),
    ],
    "multilabel_margin_loss": [
        *losses(A, np.array([[2, 0, -1], [1, -1, 2]])),
        *losses(A[0], np.array([1, 1, -1])),
    ],
    "multilabel_margin_slope": [([A, np.array([[2, 0, -1], [1, -1, 2]])], {})],
}
SAMPLES |= {
    "normal_of_mean": [([A, C], {})],
    "normal_of_std": [([A, POSITIVE], {})],
    "normal_of_both": [([A, C, POSITIVE], {})],
    "bernoulli": [([A, UNIT], {})],
    "poisson": [([A, POSITIVE], {})],
}

WINDOWS = {"kernel": (2, 3), "stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)}
SAMPLES |= {
    "im2col": [([IMAGE], WINDOWS)],
    "col2im": [([np.cos(np.arange(36.0)).reshape(1, 12, 3)], WINDOWS | {"shape": (1, 2, 5, 5)})],
}

# ---- writes -------------------------------------------------------------------------------------


def _steps() -> tuple[Any, ...]:
    """The second row of A, every other element."""
    from autodiff_cli.ops.movement import select, slice_

    row: dict[str, Any] = {"dim": 0, "index": 1}
    part: dict[str, Any] = {"dim": 0, "start": 0, "stop": 3, "step": 2}
    return ((select, row), (slice_, part))


SAMPLES |= {
    "zero": [([A], {})],
    "fill": [([A], {"value": 2.5})],
    "fill_tensor": [([A, np.array(0.5)], {})],
    "randomized": [([A], {"draw": C, "name": "UniformBackward0"})],
    "copy": [([A, ROW], {}), ([A, C], {})],
    "copy_backwards": [([A], {})],
    "copy_slices": [([A, ROW[:2]], {"steps": _steps()})],
    "as_strided": [([A], {"steps": _steps(), "shape": (2,)})],
}
