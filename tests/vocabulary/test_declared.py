"""Modules, optimizers and schedulers that are declared by a text: what comes of it."""

from __future__ import annotations

from inspect import isfunction, signature

import pytest

from autodiff_cli.program import run_text
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.calls.handles import NAMES
from autodiff_cli.vocabulary.nn.module import Module

CLASSES = {
    name: NAMES[name]
    for name in NAMES.names()
    if name.startswith(("nn.", "optim.")) and isinstance(NAMES[name], type)
}


def printed(text: str) -> str:
    lines: list[str] = []
    source = Source(f"import torch\nfrom torch import nn\n{text}", "program.py")
    run_text(source, write=lines.append, complain=lines.append)
    return "".join(lines)


@pytest.mark.parametrize("name", CLASSES)
def test_methods_are_functions(name: str) -> None:
    for method in ("__init__", "forward", "step", "extra_repr"):
        found = getattr(CLASSES[name], method, None)
        assert found is None or isfunction(found)


@pytest.mark.parametrize("name", [n for n, c in CLASSES.items() if n.endswith("Loss")])
def test_a_loss_calls_a_function_that_is_there(name: str) -> None:
    parameters = signature(CLASSES[name].forward).parameters
    given = ", ".join("'a'" for _ in list(parameters)[1:])
    said = printed(f"nn.{name.rpartition('.')[2]}()({given})")
    assert "Error: " in said and "module 'torch.nn.functional'" not in said


@pytest.mark.parametrize("name", [n for n, c in CLASSES.items() if issubclass(c, Module)])
def test_a_module_shows_itself_or_misses_options(name: str) -> None:
    last = name.rpartition(".")[2]
    said = printed(f"print(nn.{last}())")
    assert said.startswith(f"{last}(") or "__init__() missing " in said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            "nn.Hardtanh(1, 2, 3, 4)",
            "Hardtanh.__init__() takes from 1 to 4 positional arguments but 5",
        ),
        (
            "nn.Linear(2)",
            "Linear.__init__() missing 1 required positional argument: 'out_features'",
        ),
        ("nn.L1Loss(beta=1)", "_Loss.__init__() got an unexpected keyword argument 'beta'"),
        (
            "nn.GaussianNLLLoss(True)",
            "GaussianNLLLoss.__init__() takes 1 positional argument but 2",
        ),
        ("nn.ReLU()()", "ReLU.forward() missing 1 required positional argument: 'input'"),
        ("nn.Sigmoid(1)", "Sigmoid.__init__() takes 1 positional argument but 2 were given"),
        ("torch.optim.Adam()", "Adam.__init__() missing 1 required positional argument: 'params'"),
        ("torch.optim.Rprop([], 1, 2, 3, 4)", "Rprop.__init__() takes from 2 to 5 positional"),
    ],
)
def test_wrong_calls_have_pythons_words(call: str, said: str) -> None:
    assert printed(call).splitlines()[-1].startswith(f"TypeError: {said}")


def test_a_subclass_may_name_its_attributes_as_it_likes() -> None:
    assert (
        printed(
            "class Mine(nn.Softplus):\n"
            "    def __init__(self):\n"
            "        super().__init__(beta=2.0)\n"
            "        self.function, self.options, self.dims = 1, 2, 3\n"
            "    def _start(self, *_):\n"
            "        print('never')\n"
            "print(Mine(), Mine()(torch.tensor(0.0)))"
        )
        == "Mine(beta=2.0, threshold=20.0) tensor(0.3466)\n"
    )


def test_an_attribute_that_changes_counts_when_it_is_called() -> None:
    text = "m = nn.LeakyReLU()\nm.negative_slope = 0.5\nprint(m, m(torch.tensor([-1.0, 1.0])))"
    assert printed(text) == "LeakyReLU(negative_slope=0.5) tensor([-0.5000,  1.0000])\n"


def test_defaults_of_groups_are_in_the_references_order() -> None:
    text = "print(*torch.optim.RMSprop([torch.ones(1)], momentum=0.5, lr=1).defaults)"
    expected = (
        "lr momentum alpha eps centered weight_decay capturable foreach maximize differentiable"
    )
    assert printed(text) == expected + "\n"


def test_options_are_checked_in_the_references_order() -> None:
    call = "torch.optim.RMSprop([torch.ones(1)], lr=0.1, alpha=-1, momentum=-2, eps=-3)"
    assert printed(call).endswith("ValueError: Invalid epsilon value: -3\n")


def test_a_device_that_isnt_there_is_refused() -> None:
    said = printed(
        "print(nn.Linear(1, 2, device='cpu'))\nnn.Linear(1, 2, device='cuda')"
    ).splitlines()
    assert said[0] == "Linear(in_features=1, out_features=2, bias=True)"
    assert said[-1] == "AssertionError: Torch not compiled with CUDA enabled"


def test_a_dictionary_of_modules_gives_what_it_pops() -> None:
    text = (
        "d = nn.ModuleDict({'a': nn.ReLU(), 'b': nn.Tanh()})\nprint(d.pop('a'), list(d), 'a' in d)"
    )
    assert printed(text) == "ReLU() ['b'] False\n"


def test_a_parameter_is_no_place_for_another_value() -> None:
    said = printed("nn.Linear(1, 1).weight = nn.ReLU()").splitlines()[-1]
    assert said.startswith(
        "TypeError: cannot assign 'torch.nn.modules.activation.ReLU' as parameter"
    )


def test_a_module_may_have_methods_by_any_name() -> None:
    """What methods of `Module` share isn't looked for among a program's own."""
    names = "_hook _owner _forget _converted _check_name _check_member _start"
    text = (
        "class Mine(nn.Linear):\n"
        f"    {' = '.join(names.split())} = None\n"
        "m = Mine(1, 1)\n"
        "m._hook = m.register_forward_hook(lambda *_: print('called'))\n"
        "m.more, m.weight = nn.Tanh(), None\n"
        "m.register_buffer('kept', torch.zeros(1))\n"
        "m.half().float().register_forward_pre_hook(lambda *_: print('before'), prepend=True)\n"
        "print(m.get_buffer('kept'), m.get_parameter('bias').shape)\n"
        "m.weight = nn.Parameter(torch.ones(1, 1))\n"
        "m(torch.ones(1))\n"
    )
    assert printed(text) == "tensor([0.]) torch.Size([1])\nbefore\ncalled\n"
