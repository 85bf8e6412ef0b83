# ruff: noqa: E501
"""`matplotlib.pyplot`, `tqdm` and `IPython.display` in programs: what they print, and what they don't reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff_cli.evaluation.running import run
from autodiff_cli.interpret.figures import Figures, name_of
from autodiff_cli.interpret.pyplot_names import ATTRIBUTES, GIVES, METHODS, PYPLOT, SHAPES, SUFFIXES
from autodiff_cli.program import ProgramError, Session
from autodiff_cli.source import Source

# What matplotlib gives that a program can print; numpy alone, so that matplotlib itself can run it.
PRINTING = """
import numpy as np
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt
x = np.linspace(0, 1, 5)
line, = plt.plot(x, x**2, 'r--', label='a')
both = plt.plot(x, np.stack([x, x**2], 1))
print(len(both), len(plt.plot(x, x, x, 2*x)), len(plt.semilogy(x + 1)))
counts, edges, patches = plt.hist([1., 2., 2., 3.5], bins=4)
print(counts, edges)
print(plt.hist([1., 2., 2., 3.5], bins=[0, 2, 4], density=True)[0])
print(plt.xlim(0, 2))
fig, axes = plt.subplots(2, 3)
print(axes.shape, len(axes), axes[0].shape, len(list(axes.flat)), axes.ravel().shape)
fig, (a, b) = plt.subplots(1, 2, figsize=(6, 3))
fig, one = plt.subplots()
print(plt.get_fignums(), plt.fignum_exists(2), plt.fignum_exists(9))
plt.close(2)
print(plt.get_fignums())
plt.close('all')
print(plt.get_fignums())
for wrong in (lambda: plt.plot([1, 2], [1, 2, 3]), lambda: plt.style.use('nowhere'), lambda: plt.nothing):
    try:
        wrong()
    except Exception as error:
        print(type(error).__name__, str(error)[:60])
colors = plt.cm.viridis(np.linspace(0, 1, 3))
print(len(colors))
plt.show()
"""


def printed(text: str) -> str:
    return run(text).printed


@pytest.mark.needs("matplotlib")
def test_programs_print_what_matplotlib_gives(tmp_path: Path) -> None:
    real = subprocess.run(
        [sys.executable, "-c", PRINTING], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert printed(PRINTING) == real.stdout


def test_nothing_of_matplotlibs_is_imported() -> None:
    """So that a program prints the same whether it is there or not."""
    code = (
        "import sys\nfrom autodiff_cli.evaluation.running import run\n"
        f"run({PRINTING!r})\n"
        "print([name for name in ('matplotlib', 'tqdm', 'IPython', 'plotext') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_tensors_are_plotted_as_the_reference_does() -> None:
    ran = run(
        "import torch\nimport matplotlib.pyplot as plt\nx = torch.ones(3, requires_grad=True)\n"
        "plt.plot(x.detach(), x.detach()**2)\n"
        "try:\n    plt.plot(x)\nexcept RuntimeError as error:\n    print(error)\nplt.show()"
    )
    assert ran.printed == (
        "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.\n"
    )
    assert ran.warned.count("figures aren't drawn") == 1


def test_progress_and_display_show_texts() -> None:
    ran = run(
        "from tqdm import tqdm, trange\nfrom tqdm.auto import tqdm as other\n"
        "from IPython.display import display, clear_output, HTML\nfrom IPython import display as shown\n"
        "for i in tqdm(range(3), desc='a'): pass\n"
        "bar = trange(4)\nfor k in bar: bar.set_description(f'{k}'); bar.set_postfix(loss=1.)\n"
        "with other(total=2) as bar: bar.update(1)\n"
        "tqdm.write('between')\nclear_output(wait=True)\ndisplay('text', 3)\n"
        "shown.display(HTML('<b>bold</b>'))\nprint(i, k, len(tqdm([1, 2])))"
    )
    assert ran.printed == "between\n'text'\n3\n<b>bold</b>\n2 3 2\n" and ran.warned == ""


# ---- what can't be reached -------------------------------------------------------------------------

REFUSED = [
    "plt.imread('/etc/passwd')", "plt.imsave('/tmp/x.png', [[1]])", "plt.np", "plt.sys", "plt.__dict__", "plt.os",
    "plt.style.use('/tmp/x.mplstyle')", "plt.style.use('http://localhost/x.mplstyle')", "plt.style.core",
    "plt.style.library", "plt.matplotlib", "plt.get_backend()", "plt.figure().number", "plt.figure().figures",
    "plt.gca().figures.write", "plt.gca().kinds", "plt.gca().owner", "plt.gca().__class__.kinds",
    "plt.gca().plot.__self__", "plt.gca().plot.__globals__", "plt.plot.__closure__", "plt.rcParams.figures",
    "plt.rcParams.held", "plt.subplots(2, 2)[1].entries", "plt.plot([1])[0].number", "plt.plot(object())",
    "plt.plot(lambda: 1)", "plt.savefig(3)", "plt.savefig(['/tmp/x'])", "matplotlib.get_cachedir()",
    "matplotlib.matplotlib_fname()", "matplotlib.rc_file('/etc/passwd')", "matplotlib.font_manager",
    "matplotlib.image.imread('/etc/passwd')", "matplotlib.backends", "plt.gca().set(**{'__class__': 1}).x",
    "import matplotlib.image", "import matplotlib.font_manager", "import matplotlib.texmanager",
    "import matplotlib.animation", "import matplotlib.backends.backend_agg", "import IPython.core.magic",
    "from IPython.display import Image", "from IPython.display import FileLink", "from IPython import start_ipython",
    "from tqdm import contrib", "from matplotlib.pyplot import *", "from matplotlib.cbook import get_sample_data",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_name_is_not_reached(text: str) -> None:
    with pytest.raises(ProgramError) as found:
        run(f"import matplotlib\nimport matplotlib.pyplot as plt\n{text}")
    assert isinstance(found.value.error, (AttributeError, ImportError, OSError, TypeError))


def notes(text: str) -> list[dict[str, Any]]:
    lines: list[str] = []
    with Session(
        write=print, complain=lambda _: None, watching={"figures": Figures(lines.append)}
    ) as session:
        session.run(Source(f"import matplotlib\nimport matplotlib.pyplot as plt\n{text}", "p.py"))
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    "text",
    [
        "plt.text(0, 0, 'a', usetex=True, url='file:///etc/passwd', fontproperties='/etc/passwd')",
        "plt.title('a', fontname='/etc/passwd', font='/etc/passwd', fontfamily='x', path_effects=[1])",
        "plt.rcParams['text.usetex'] = True; plt.rc('text', usetex=True); matplotlib.rc('text', usetex=True)",
        "plt.rcParams['backend'] = 'module://os'; plt.rcParams['axes.prop_cycle'] = 'cycler(1)'",
        "plt.rcParams.update({'savefig.directory': '/etc', 'text.latex.preamble': 'x', 'font.family': '/etc'})",
        "plt.switch_backend('module://os'); matplotlib.use('module://os')",
        "with plt.rc_context(fname='/etc/passwd'): pass",
        "plt.plot([1], gid='x', picker=True, agg_filter=1, clip_path='/etc', data={'a': 1})",
        "plt.subplots(1, 2, gridspec_kw={'evil': 1, 'wspace': 0}, subplot_kw={'url': '/etc'})",
        "plt.savefig('figure', metadata={'Author': '/etc'}, backend='pgf', format='pgf', bbox_extra_artists=[])",
    ],
)
def test_what_reaches_elsewhere_is_left_out(text: str) -> None:
    said = json.dumps(notes(text))
    for word in (
        "etc",
        "usetex",
        "module:",
        "backend",
        "url",
        "gid",
        "cycler",
        "evil",
        "pgf",
        "picker",
    ):
        assert word not in said


@given(st.text(max_size=40))
def test_names_of_pictures_are_names(given: str) -> None:
    found = name_of(given, 7)
    assert found == os.path.basename(found) and found.endswith(SUFFIXES) and found[0] not in ". "
    assert "/" not in found and "\\" not in found and "\0" not in found and len(found) < 120


def test_a_name_is_the_last_part_of_a_path() -> None:
    paths = [
        "/etc/cron.d/x",
        "../../a.svg",
        "out/loss.png",
        "..",
        ".bashrc",
        "a.jpg",
        "b.PDF",
        "c.tar",
    ]
    found = [
        note["name"]
        for note in notes("\n".join(f"plt.savefig({path!r})" for path in paths))
        if "picture" in note
    ]
    assert found == [
        "x.png",
        "a.svg",
        "loss.png",
        "figure-4.png",
        "bashrc.png",
        "a.png",
        "b.pdf",
        "c.tar.png",
    ]


FORGED: list[dict[str, Any]] = [
    {"call": "imread", "args": ["/etc/passwd"]},
    {"call": "savefig", "args": ["/tmp/forged.png"]},
    {"call": "switch_backend", "args": ["module://os"]},
    {"call": "__class__", "args": []},
    {"get": "__class__", "of": 1, "to": 2},
    {"get": "figure", "of": 9, "to": 2},
    {"item": "__class__", "of": 1, "to": 2},
    {"call": "get_cmap", "args": ["/etc/passwd"], "to": 3},
    {"call": "text", "args": [0, 0, "a"], "named": {"usetex": True}},
    {"call": "plot", "args": [{"array": "AAAAAAAAAAA=", "dtype": "|O8", "shape": [1]}], "to": [4]},
    {"rc": "text.usetex", "value": True},
    {"style": "/tmp/x.mplstyle"},
    {"colors": 0.5, "of": 1, "to": [5]},
]


@pytest.mark.needs("matplotlib")
@pytest.mark.parametrize("note", FORGED, ids=lambda note: json.dumps(note)[:40])
def test_forged_notes_do_nothing(note: dict[str, Any], tmp_path: Path) -> None:
    """What a program's process could write that had got past the first wall."""
    code = f"""
import json, sys
from autodiff_cli.render import figures
figures.prepare(['png'])
import matplotlib
opened = []
sys.addaudithook(lambda event, args: event in ('open', 'subprocess.Popen', 'os.system', 'exec') and opened.append(str(args[0])))
drawing = figures.Drawing()
start = {{'call': 'figure', 'args': [], 'named': {{'num': 1}}, 'to': 1}}
list(drawing.pictures(map(json.dumps, [start, {note!r}])))
print([o for o in opened if o.startswith(('/etc', '/tmp')) and '__pycache__' not in o], matplotlib.rcParams['text.usetex'])
print(sorted(drawing.things))
"""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    first, things = done.stdout.splitlines()[-2:]
    assert first.startswith("[] False") or ("text" in str(note) and first == "[] False")
    assert things in ("[1]", "[1, 3]") and (note.get("call") == "text" or things == "[1]")


def test_every_name_gives_something_known() -> None:
    named = PYPLOT.union(*METHODS.values())
    assert set(GIVES) <= named.union(SHAPES) and set(GIVES.values()) <= set(METHODS) | {"Colormap"}
    behind = {kind for names in ATTRIBUTES.values() for kind in names.values()}
    assert behind <= set(METHODS) | {"Transform", "Spines"}


@pytest.mark.needs("matplotlib")
def test_every_name_is_matplotlibs() -> None:
    """Read from the library's own classes, in a process of its own."""
    code = """
import matplotlib; matplotlib.use('agg')
from matplotlib import pyplot, axes, figure, lines, image, contour, colorbar, text, axis, spines, style, colormaps
from mpl_toolkits.mplot3d import Axes3D
from autodiff_cli.interpret.pyplot_names import *
print([n for n in PYPLOT if not hasattr(pyplot, n)])
both = type('Both', (axis.XAxis, axis.YAxis), {})
kinds = {'Axes': Axes3D, 'Figure': figure.Figure, 'Line2D': lines.Line2D, 'Image': image.AxesImage,
    'Contour': contour.QuadContourSet, 'Colorbar': colorbar.Colorbar, 'Text': text.Text, 'Axis': both,
    'Spine': spines.Spine, 'Canvas': matplotlib.backend_bases.FigureCanvasBase}
for kind, cls in kinds.items(): print(kind, [n for n in METHODS[kind] if not hasattr(cls, n)])
print([s for s in STYLES - {'default'} if s not in style.available], [c for c in COLORMAPS if c not in colormaps])
print([k for k in RC if k not in matplotlib.rcParams])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[" in done.stdout and [line for line in done.stdout.splitlines() if "['" in line] == []


def test_counts_are_numpys() -> None:
    ran = run(
        "import matplotlib.pyplot as plt\nn, e, _ = plt.hist([0., 1., 1., 4.], 4, (0, 4), cumulative=True)"
    )
    assert ran.variables["n"].tolist() == [1, 3, 3, 4]
    assert ran.variables["e"].tolist() == np.linspace(0, 4, 5).tolist()
