"""A question about a table's rows, with its names resolved: columns, inputs for all rows, gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from autodiff_cli.errors import InputError
from autodiff_cli.evaluation.notices import Notices
from autodiff_cli.evaluation.uncertainty import pairs_of
from autodiff_cli.inputs import bind
from autodiff_cli.interpret.code import Compiled
from autodiff_cli.interpret.suggest import suggestion
from autodiff_cli.interpret.translation.variables import assigned
from autodiff_cli.rows.question import Question, Weight, valued, weight


class Resolved(NamedTuple):
    """The question with its names resolved.

    Attributes:
        text: the expression or program, compiled.
        inputs: the columns that the expression names, in the order of the table.
        fixed: the inputs that are the same for every row, bound.
        shown: the names whose gradients are answers; None for all leaves.
        off: the inputs that have deviations.
        hidden: those whose gradients only the deviation needs.
        seed: the cotangent, if one is given.
        by: the names that Jacobians and Hessians are by; None for all leaves, none where none is asked for.
        tangents: the direction, by input.
        vectors: what the Hessian is multiplied with, by input.
        undecided: whether a result that is no scalar has no gradients, instead of needing a seed.
    """

    question: Question
    text: Compiled
    inputs: tuple[str, ...]
    fixed: Mapping[str, Any]
    shown: tuple[str, ...] | None
    off: tuple[str, ...]
    hidden: tuple[str, ...]
    by: tuple[str, ...] | None
    seed: Weight | None
    tangents: Mapping[str, Weight]
    vectors: Mapping[str, Weight]
    undecided: bool = False

    @property
    def is_graph(self) -> bool:
        """Whether rows can be one graph: of a text without effects."""
        return not self.text.code.has_effects

    def differentiates(self, name: str) -> bool:
        """Whether the input has to be a leaf that requires grad."""
        needed = self.needed
        return needed is None or name in needed

    @property
    def weights(self) -> list[Weight]:
        """What may be columns that the graph reads besides the inputs."""
        seeds = [] if self.seed is None else [self.seed]
        return [*seeds, *self.tangents.values(), *self.vectors.values()]

    @property
    def needed(self) -> list[str] | None:
        """The names of the inputs that have to be leaves; None for all."""
        if self.shown is None or self.by is None:
            return None
        return list(dict.fromkeys([*self.shown, *self.hidden, *self.by, *self.tangents]))


def _check_also(names: Sequence[str], text: Compiled, columns: Sequence[str]) -> None:
    """Refuse names that the text doesn't assign."""
    own = assigned(text.tree.body)[0] if names else set()
    known = [name for name in text.reads.assigned if name in own]
    for name in names:
        if name in known:
            continue
        near = suggestion(name, known)
        hint = f"did you mean '{near}'?" if near else None
        if name in columns:
            hint = "--keep passes the input's columns through"
        raise InputError(
            f"--also names '{name}', which the text doesn't assign; it assigns "
            f"{', '.join(known) or 'none'}",
            hint=hint,
        )


def resolved(question: Question, columns: Sequence[str], say: Callable[[str], None]) -> Resolved:
    """The question with its names resolved: columns, inputs for all rows, gradients.

    Raises:
        AutodiffError: a name is a column and bound too, or bound and not used, or no input.
    """
    both = [name for name in question.given if name in columns]
    if both:
        raise InputError(
            f"'{both[0]}' is a column of the table, and bound on the command line",
            hint=f"leave out {both[0]}=…, or give the column another name: "
            f"--columns {both[0]}_column={both[0]}",
        )
    source = question.expression
    text = valued(source)
    inputs = tuple(name for name in columns if name in text.reads.names)
    _check_also(question.also, text, columns)
    shown = () if question.values_only else question.wrt
    known = [*inputs, *question.given]
    pairs_of(question.deviations)  # refuses those without deviations
    off = tuple(name for name in question.deviations if "~" not in name)
    if question.covariance is not None and not off:
        off = question.wrt or inputs
    if not off and (question.budget or question.samples):
        raise InputError(
            f"{'--budget' if question.budget else '--monte-carlo'} needs the inputs' deviations",
            hint="--propagate x=0.1 says them",
        )
    for option, asked_for in (
        ("--wrt", question.wrt or ()),
        ("--jvp", question.tangents),
        ("--hvp", question.vectors),
        ("--propagate", off),
    ):
        for name in asked_for:
            if name not in known:
                raise InputError(
                    f"{option} names '{name}', which is not an input; the inputs are "
                    f"{', '.join(known) or 'none'}"
                )
    hidden = () if shown is None else tuple(n for n in off if n not in shown)
    by = question.wrt if question.further.further else ()
    for name in question.vectors:
        if by is not None and name not in by:
            raise InputError(
                f"--hvp names '{name}', which --wrt leaves out",
                hint=f"add it: --wrt {','.join([*by, name])}",
            )
    seed = None if question.seed is None else weight(question.seed, "--seed", columns)
    tangents, vectors = (
        {name: weight(given, f"--{option} {name}", columns) for name, given in asked.items()}
        for option, asked in (("jvp", question.tangents), ("hvp", question.vectors))
    )
    undecided = bool(tangents or question.further.further) and seed is None
    undecided = undecided and not off
    found = Resolved(
        question, text, inputs, {}, shown, off, hidden, by, seed, tangents, vectors, undecided
    )
    fixed = {
        name: bind(name, given, found.differentiates(name))
        for name, given in question.given.items()
    }
    notices = Notices(source)
    notices.unused(text.unread(fixed, source))
    for notice in notices.texts:
        say(notice)
    return found._replace(fixed=fixed)
