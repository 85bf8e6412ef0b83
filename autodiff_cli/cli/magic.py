"""The extension of IPython: `%load_ext autodiff_cli`, then `%autodiff EXPRESSION` and `%%autodiff`."""

from __future__ import annotations

import sys
from typing import Any

import click

from autodiff_cli.cli.commands import bindings_of, names_of, vectors_of
from autodiff_cli.cli.eval import EvalWords, command
from autodiff_cli.cli.prompt_words import parted, split
from autodiff_cli.errors import AutodiffError

# The options of the command that say what is computed; the others say where it goes.
COMPUTED = frozenset(
    "wrt seeds jacobian hessian jvp hvp no_grad trace dtype manual_seed max_elements max_steps max_memory "
    "threads quiet".split()
)
VALUES = (bool, int, float, list, tuple)


def load_ipython_extension(shell: Any) -> None:
    """Give a shell of IPython, or a notebook, the magics.

    Args:
        shell: IPython's, whose variables expressions may name.
    """
    shell.register_magic_function(_Magic(shell), "line_cell", "autodiff")


class _Magic:
    """What `%autodiff` and `%%autodiff` do.

    Args:
        shell: whose variables are the inputs that aren't bound.
    """

    __name__ = "autodiff"

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.__doc__ = DOCUMENTATION

    def __call__(self, line: str, cell: str | None = None) -> Any:
        try:
            asked = parted(line)
            text = asked.text if cell is None else cell
            bindings = asked.bindings
            if cell is not None and asked.text:
                raise click.UsageError(f"'{asked.text}' is not NAME=VALUE; the text is the cell")
            if text[:1] in ("'", '"'):  # as a shell needs it
                text, *more = split(text) or [""]
                bindings = (*more, *bindings)
            words = _words([text, *bindings, *asked.options])
            return self._result(words)
        except click.ClickException as error:
            sys.stderr.write(f"Error: {error.format_message()}\n")
        except AutodiffError as error:
            sys.stderr.write(f"{error.report()}\n")
        return None

    def _result(self, words: EvalWords) -> Any:
        from autodiff_cli.evaluation import evaluate

        given: dict[str, Any] = dict(bindings_of(words.bindings, words.expression))
        result = evaluate(
            words.expression,
            self._variables(words.expression) | given,
            wrt=names_of(words.wrt),
            seeds=words.seeds,
            grad=not words.no_grad,
            jacobian=words.jacobian,
            hessian=words.hessian,
            jvp=vectors_of("--jvp", words.jvp),
            hvp=vectors_of("--hvp", words.hvp),
            trace=words.trace,
            dtype=words.dtype,
            manual_seed=words.manual_seed,
            max_elements=words.max_elements,
            max_steps=words.max_steps,
            max_memory=words.max_memory,
            threads=words.threads,
        )
        for notice in () if words.quiet else result.notices:
            sys.stderr.write(f"note: {notice}\n")
        return result

    def _variables(self, text: str) -> dict[str, Any]:
        """The shell's variables that a text reads: numbers, lists and arrays."""
        from autodiff_cli.interpret.code import compiled_text
        from autodiff_cli.source import Source

        reads = compiled_text(Source(text)).reads
        found = {name: self.shell.user_ns.get(name) for name in reads.names}
        return {name: value for name, value in found.items() if _is_value(value)}


def _is_value(value: Any) -> bool:
    return isinstance(value, VALUES) or (
        hasattr(value, "__array__") and not isinstance(value, type)
    )


def _words(words: list[str]) -> EvalWords:
    """The words of the command.

    Raises:
        UsageError: an option says where the result goes, which is here.
    """
    with command.make_context("%autodiff", words) as context:
        for name, value in context.params.items():
            source = context.get_parameter_source(name)
            typed = source is click.core.ParameterSource.COMMANDLINE
            if typed and name not in (*COMPUTED, "expression", "bindings"):
                flag = name.replace("_", "-")
                raise click.UsageError(f"%autodiff gives a Result, and takes no --{flag}: {value}")
        return EvalWords(**context.params)


DOCUMENTATION = """%autodiff EXPRESSION [NAME=VALUE]... [OPTIONS]

The value of an expression of autodiff, and its gradients: a `Result`. Behind %%autodiff, the cell is the
text, which may be a program. Names that aren't bound are the notebook's variables, where these are numbers,
lists or arrays; the options are those of the command that say what is computed: --wrt, --seed, --jacobian,
--hessian, --dtype float64.

    %autodiff x**2 + sin(y) x=3 y=1
    grads = %autodiff sum(A @ v) --wrt v
"""
