"""Regions of one space are put together where they can be computed in one walk."""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.transform.regions import (
    LARGE,
    Place,
    Region,
    Step,
    holdable,
    inputs_of,
    products_of,
)

WINDOW = 64  # how many steps apart two regions may be


class Merger:
    """Puts regions of one space together: an earlier one waits for a later one that reads the same arrays.

    Args:
        steps: in an order in which they can run.
        number: where each node stands in an order in which operands come first, by id.
        outputs: what is wanted in the end.
        places: where members belong.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        number: dict[int, int],
        outputs: Sequence[Node],
        places: dict[int, Place],
    ) -> None:
        self.steps: list[Step | None] = list(steps)
        self.number = number
        self.outputs = {id(output) for output in outputs}
        self.places = places
        self.maker: dict[int, int] = {}  # the step that makes a node's array
        for at, step in enumerate(steps):
            for node in products_of(step):
                self.maker[id(node)] = at
        self.reads = [
            [id(node) for node in inputs_of(step) if id(node) in self.maker] for step in steps
        ]
        self.needs = [{self.maker[key] for key in reads} for reads in self.reads]
        self.users: list[set[int]] = [set() for _ in steps]
        for at, needs in enumerate(self.needs):
            for before in needs:
                self.users[before].add(at)

    def merged(self) -> list[Step]:
        later: dict[Shape, list[int]] = {}
        for at in range(len(self.steps) - 1, -1, -1):
            step = self.steps[at]
            if not isinstance(step, Region):
                continue
            # the latest that it can join: there most of what both need is known
            for target in later.get(step.space, ()):
                if target - at <= WINDOW and self._joined(at, target):
                    break
            else:
                later.setdefault(step.space, []).append(at)
        return self._sorted()

    def _joined(self, at: int, target: int) -> bool:
        first, second = self.steps[at], self.steps[target]
        assert isinstance(first, Region) and isinstance(second, Region)
        own = {id(node) for node in products_of(first)}
        read = [node for node in inputs_of(second) if id(node) in own]
        shared = own | {id(node) for node in inputs_of(first) if node.numel >= LARGE}
        if not any(id(node) in shared for node in inputs_of(second)):
            return False
        if any(self.places[id(node)].ended for node in read) or self._leads(at, target):
            return False
        held = first.held | second.held
        if first.held and second.held and first.held != second.held:
            return False
        if held and not holdable(first.space, held):
            return False
        both = Region(second.space, second.round)
        both.lies, both.held = {**first.lies, **second.lies}, held
        if any(both.lies[key] != own for key, own in first.lies.items()):
            return False
        both.members = sorted(
            {member.key: member for member in (*first.members, *second.members)}.values(),
            key=lambda member: self.number[id(member.node)],
        )
        for member in both.members:
            for operand, axes in zip(member.node.operands, both.lies[member.key], strict=True):
                if id(operand) in own and (id(operand), axes) not in both.lies:
                    return False
        both.products = [made for made in first.products if self._needed(made.node, at, target)]
        both.products += [made for made in second.products if made not in both.products]
        self.steps[at], self.steps[target] = None, both
        self._replace(at, target)
        for node, _ in first.products:
            self.maker[id(node)] = target
        return True

    def _leads(self, at: int, target: int) -> bool:
        """Whether the second step depends on the first by way of others."""
        pending = [step for step in self.needs[target] if step != at]
        seen = set(pending)
        while pending:
            step = pending.pop()
            if step == at:
                return True
            for before in self.needs[step]:
                if before >= at and before not in seen:
                    seen.add(before)
                    pending.append(before)
        return False

    def _replace(self, at: int, target: int) -> None:
        """The second step has taken up the first."""
        for before in self.needs[at]:
            self.users[before].discard(at)
            self.users[before].add(target)
        for user in self.users[at] - {target}:
            self.needs[user].discard(at)
            self.needs[user].add(target)
        self.needs[target] = (self.needs[target] | self.needs[at]) - {at, target}
        self.users[target] = (self.users[target] | self.users[at]) - {at, target}
        self.reads[target] = list({*self.reads[target], *self.reads[at]})

    def _needed(self, node: Node, at: int, target: int) -> bool:
        """Whether anything but those two steps needs a product."""
        if id(node) in self.outputs:
            return True
        return any(id(node) in self.reads[user] for user in self.users[at] if user != target)

    def _sorted(self) -> list[Step]:
        """The steps in an order in which they can run, near the one that they had."""
        ordered: list[Step] = []
        done: set[int] = set()
        for first in range(len(self.steps)):
            pending = [first]
            while pending:
                at = pending[-1]
                step = self.steps[at]
                waits = [n for n in self.needs[at] if n not in done and self.steps[n] is not None]
                if at in done or step is None:
                    pending.pop()
                elif waits:
                    pending.extend(waits)
                else:
                    pending.pop()
                    done.add(at)
                    ordered.append(step)
        return ordered
