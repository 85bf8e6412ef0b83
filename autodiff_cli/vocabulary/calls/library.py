"""Which module of the library a name behind `torch.` comes from; modules are imported when a name is used."""

from __future__ import annotations

from importlib import import_module

from autodiff_cli.vocabulary.calls.handles import NAMES

# by the name's beginning, the longest that fits
MODULES: dict[str, tuple[str, ...]] = {
    "": (),
    "func.": ("func.transforms", "func.vmap"),
    "random.": ("generators",),
    "version.": ("settings",),
    "backends.mps.": ("settings",),
    "backends.cudnn.": ("settings",),
    "cuda.": ("settings",),
    "accelerator.": ("settings",),
    "xpu.": ("settings",),
    "autograd.": (
        "autograd.grad_mode",
        "autograd.gradients",
        "autograd.differentiation",
        "autograd.functional",
        "autograd.gradcheck",
        "autograd.function",
        "legacy",
    ),
    "autograd.functional.": ("autograd.functional",),
    "autograd.forward_ad.": ("autograd.forward_ad",),
    "autograd.graph.": ("autograd.gradients", "autograd.graph"),
    "F.": (),
    "nn.": (
        "nn.module",
        "nn.layers",
        "nn.containers",
        "nn.activations",
        "nn.losses",
        "nn.windows",
        "nn.recurrent",
    ),
    "nn.init.": ("nn.init",),
    "nn.utils.": ("nn.clipping",),
    "optim.": ("optim.descent", "optim.lbfgs"),
    "optim.lr_scheduler.": ("optim.schedulers", "optim.cycles"),
    "utils.data.": ("utils.data",),
    "distributions.": tuple(
        f"distributions.{part}" for part in ("continuous", "discrete", "divergence")
    ),
}
# Whose modules declare names alone: the others needn't be imported where one has the name.
APART = ("nn.", "optim.", "optim.lr_scheduler.", "distributions.")
_loaded: set[str] = set()


def load(name: str) -> None:
    """Import what declares a name with a dot, such as "nn.Linear"; all that might, if nothing does.

    Others are in tables that import it.
    """
    prefix = name.rpartition(".")[0]
    if not prefix:
        return
    prefix = f"{prefix}."
    while prefix not in MODULES and prefix:
        prefix = prefix.rstrip(".").rpartition(".")[0]
        prefix = f"{prefix}." if prefix else ""
    for module in MODULES[prefix]:
        if prefix in APART and name in NAMES:
            return
        if module not in _loaded:
            import_module(f"autodiff_cli.vocabulary.{module}")
            _loaded.add(module)  # not before: another thread would go on without it
