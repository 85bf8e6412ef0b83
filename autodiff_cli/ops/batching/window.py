"""Convolutions and normalizations, which have a batch or groups of channels of their own.

Where only the images have rows, the rows are more images; where the kernels have them, each row is a group
of channels.
"""

from __future__ import annotations

from autodiff_cli.ir.node import Node, Params, Shape
from autodiff_cli.ops import convolution as conv
from autodiff_cli.ops.batching.rows import Rows
from autodiff_cli.ops.batching.shape import moved, shifted_params
from autodiff_cli.ops.movement import reshape


def _images(node: Node) -> Node:
    """(size, N, ...) as (size*N, ...)."""
    size, count, *rest = node.shape
    return reshape(node, (size * count, *rest))


def _channels(node: Node) -> Node:
    """(size, N, C, ...) as (N, size*C, ...)."""
    size, count, channels, *rest = node.shape
    return reshape(moved(node, 0, 1), (count, size * channels, *rest))


def _rows_of_channels(node: Node, size: int) -> Node:
    """(N, size*C, ...) as (size, N, C, ...)."""
    count, channels, *rest = node.shape
    return moved(reshape(node, (count, size, channels // size, *rest)), 1, 0)


def _grouped(rows: Rows) -> dict[str, object]:
    return rows.params | {"groups": rows.params["groups"] * rows.size}


def convolution(rows: Rows) -> Node:
    if not rows.has(1):
        result = rows.result(conv.convolution(_images(rows.at(0)), rows.operands[1], **rows.params))
    elif not rows.has(0) and rows.params["groups"] == 1:
        product = conv.convolution(rows.operands[0], _images(rows.at(1)), **rows.params)
        result = _rows_of_channels(product, rows.size)
    else:
        product = conv.convolution(_channels(rows.at(0)), _images(rows.at(1)), **_grouped(rows))
        result = _rows_of_channels(product, rows.size)
    return _with_bias(rows, result)


def _with_bias(rows: Rows, result: Node) -> Node:
    if rows.count < 3:
        return result
    bias, spatial = rows.either(2), (1,) * (result.ndim - 3)
    lead = (rows.size, 1) if rows.has(2) else ()
    return result + reshape(bias, (*lead, *rows.shape(2), *spatial))


def convolution_input(rows: Rows) -> Node:
    return _by_input(rows, rows.params)


def _by_input(rows: Rows, params: Params) -> Node:
    shape: Shape = params["shape"]
    if not rows.has(1):
        params = params | {"shape": (rows.size * shape[0], *shape[1:])}
        return rows.result(conv.convolution_input(_images(rows.at(0)), rows.operands[1], **params))
    params = params | {"shape": (shape[0], rows.size * shape[1], *shape[2:])}
    params["groups"] *= rows.size
    flow = conv.convolution_input(_channels(rows.at(0)), _images(rows.at(1)), **params)
    return _rows_of_channels(flow, rows.size)


def convolution_transposed(rows: Rows) -> Node:
    params = {name: value for name, value in rows.params.items() if name != "size"}
    return _with_bias(rows, _by_input(rows, params | {"shape": rows.node.shape}))


def convolution_weight(rows: Rows) -> Node:
    shape: Shape = rows.params["shape"]
    params = rows.params | {"shape": (rows.size * shape[0], *shape[1:])}
    if not rows.has(1) and rows.params["groups"] == 1:
        flow = conv.convolution_weight(_channels(rows.at(0)), rows.operands[1], **params)
        return rows.result(flow)
    params |= {"groups": rows.params["groups"] * rows.size}
    flow = conv.convolution_weight(_channels(rows.at(0)), _channels(rows.at(1)), **params)
    return rows.result(flow)


def normalization(rows: Rows) -> Node:
    """The statistics are those of each row; a weight and a bias meet what is normalized."""
    params = rows.params | shifted_params(rows)
    affine: Shape = params["affine"]
    varies = any(rows.has(position) for position in range(1, rows.count))
    if not varies:
        return rows.op(rows.at(0), *rows.operands[1:], **params)
    result = (
        rows.op(rows.at(0), **params) if rows.has(0) else rows.op(rows.operands[0], **rows.params)
    )
    for position in range(1, rows.count):
        term = rows.either(position)
        lead = (rows.size, *(1,) * (rows.ndim(0) - len(affine))) if rows.has(position) else ()
        term = reshape(term, (*lead, *affine))
        result = result * term if position == 1 else result + term
    return result
