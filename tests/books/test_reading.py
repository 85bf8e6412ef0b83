"""Programs, notebooks, what is copied out of them, documents: which lines are code, and what they printed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from autodiff_cli.books.cells import Book, ranges_of
from autodiff_cli.books.reading import book_of, is_program
from autodiff_cli.errors import InputError


def code_of(book: Book) -> list[str]:
    return [cell.source.text.strip("\n") for cell in book.cells]


def test_a_program_is_one_cell() -> None:
    book = book_of("x = 1\n", "a.py")
    assert book.is_program
    assert [cell.lines for cell in book.cells] == [None]


@pytest.mark.parametrize(
    "text",
    [
        's = """\nIn [1]:\nx\n"""\n',
        "s = '''\n>>> 1 + 1\n2\n'''\n",
        '"""A module.\n\n```python\nx\n```\n"""\nx = 1\n',
    ],
)
def test_marks_within_a_program_are_its_own(text: str) -> None:
    assert is_program(text)
    assert book_of(text, "a.txt").is_program


def test_a_file_of_python_is_a_program_whatever_stands_in_it() -> None:
    assert book_of("In [1]:\nx = 1\n", "a.py").is_program


PASTED = """Some prose.

In [1]:
import torch
x = torch.ones(2)

In [2]:
x

tensor([1., 1.])

In [None]:
y = x + 1

print(y)
print(y.sum())

tensor([2., 2.])
tensor(4.)

Prose that follows.

In [*]:
def f(a):

    return a

f(3)

3
"""


def test_a_notebook_as_text() -> None:
    book = book_of(PASTED, "p.txt")
    assert book.kind == "notebook as text"
    assert code_of(book) == [
        "import torch\nx = torch.ones(2)", "x", "y = x + 1\n\nprint(y)\nprint(y.sum())",
        "def f(a):\n\n    return a\n\nf(3)",
    ]  # fmt: skip
    assert ranges_of(book.cells) == "lines 4-5, 8, 13-16, 24-28"
    assert [cell.stored for cell in book.cells] == [
        "", "tensor([1., 1.])\n", "tensor([2., 2.])\ntensor(4.)\n\nProse that follows.\n", "3\n",
    ]  # fmt: skip
    assert not any(cell.is_whole for cell in book.cells)


def test_code_is_in_the_lines_of_the_file() -> None:
    for cell in book_of(PASTED, "p.txt").cells:
        assert cell.lines is not None
        number, _, first = cell.source.line(0)
        assert number == cell.lines[0]
        assert first == PASTED.split("\n")[number - 1]


@pytest.mark.parametrize(
    ("code", "output"),
    [
        ("print(1 > 0)", "True"),
        ("print(4.623 / 0.541)\nprint(2)", "8.545\n2"),
        ("z.sum()", "tensor(1.)"),
        ("print('loss:', z)", "loss: tensor(1.)"),
        ("print('loss =', 0.5)", "loss = 0.5"),
        ("print([1, 'a'])", "[1, 'a']"),
        ("torch.ones(2).shape", "torch.Size([2])"),
        ("torch.ones(2).dtype", "torch.float32"),
        ("print('done')", "done"),
        ("print('x ' * 3)", "x x x"),
        ("print('it')", "it's an apostrophe"),
        ('"""A text,\n\nof two paragraphs"""\nprint(z)', "tensor(1.)"),
        ("if z:\n    print(1)\n\nelse:\n    print(2)", "1"),
        ("z = 1\n\n# a remark\nprint(z)", "1"),
        ("z = 1\n\nz", "1"),
        ("z = 1\n\nn = 2", ""),
        ("def g():\n    return z\n\ng()", "1"),
    ],
)
def test_where_the_code_of_a_pasted_cell_ends(code: str, output: str) -> None:
    text = f"In [1]:\nz = 0\n\nIn [2]:\n{code}\n\n{output}\n\nIn [3]:\nz\n"
    cell = book_of(text, "p.txt").cells[1]
    assert cell.source.text.strip("\n") == code
    assert (cell.stored or "").rstrip("\n") == output


def test_a_cell_that_cannot_be_read_is_its_first_paragraph() -> None:
    book = book_of("In [1]:\nx = = 1\n\nSyntaxError: invalid syntax\n\nIn [2]:\ny = 1\n", "p.txt")
    assert code_of(book) == ["x = = 1", "y = 1"]


def test_outputs_that_are_marked() -> None:
    text = "In [1]:\nprint(1)\nx = 2\nx\n\n1\n\nOut[1]:\n2\n"
    (cell,) = book_of(text, "p.txt").cells
    assert cell.source.text.strip("\n") == "print(1)\nx = 2\nx"
    assert cell.stored == "1\n\n\n2\n"


def test_a_session_of_ipython() -> None:
    text = (
        "In [1]: x = 2\n\nIn [2]: for i in range(2):\n   ...:     print(i)\n   ...: \n0\n1\n\n"
        "In [3]: x\nOut[3]: 2\n"
    )
    book = book_of(text, "p.txt")
    assert code_of(book) == ["x = 2", "for i in range(2):\n    print(i)", "x"]
    assert [cell.stored for cell in book.cells] == ["", "0\n1\n", "2\n"]


def test_a_session_of_ipython_that_python_could_read() -> None:
    (cell,) = book_of("In [1]: x = 5\nOut[1]: 3\n", "-").cells
    assert (cell.source.text, cell.stored) == ("x = 5", "3\n")


def test_a_session_at_a_prompt() -> None:
    text = (
        "An example:\n\n    >>> def f(x):\n    ...     return x\n    >>> f(2)\n    2\n\nMore.\n\n"
        ">>> print('a\\n\\nb')\na\n<BLANKLINE>\nb\n"
    )
    book = book_of(text, "p.txt")
    assert book.kind == "session at a prompt"
    assert code_of(book) == ["def f(x):\n    return x", "f(2)", "print('a\\n\\nb')"]
    assert [cell.stored for cell in book.cells] == ["", "2\n", "a\n\nb\n"]
    assert all(cell.is_prompt for cell in book.cells)


MARKDOWN = """# Title

```python
x = 1
print(x)
```

Output:

```text
1
```

```bash
rm -rf nothing
```

```
x + 1
```

~~~ py
x
~~~

One line.

And another, so that what follows is nobody's output.

```
2
```

```pycon
>>> x
1
```
"""


def test_markdown() -> None:
    book = book_of(MARKDOWN, "a.md")
    assert book.kind == "document"
    assert code_of(book) == ["x = 1\nprint(x)", "x", "x"]
    assert [cell.stored for cell in book.cells] == ["1\n", None, "1\n"]
    assert [cell.lines for cell in book.cells] == [(4, 5), (23, 23), (35, 35)]


RST = """Title
=====

.. code-block:: python
   :linenos:

   x = 1

   print(x)

.. rst-class:: sphx-glr-script-out

 Out::

    1

.. code-block:: bash

   ls

.. code::

    y = x
"""


def test_restructured_text() -> None:
    book = book_of(RST, "a.rst")
    assert code_of(book) == ["x = 1\n\nprint(x)", "y = x"]
    assert [cell.stored for cell in book.cells] == ["1\n", None]


@pytest.mark.parametrize("path", ["a.md", "a.rst", "b.markdown"])
def test_a_document_without_code_says_how_code_is_marked(path: str) -> None:
    with pytest.raises(InputError, match="has no code"):
        book_of("Nothing but words.\n", path)


def notebook(*cells: dict[str, Any]) -> str:
    return json.dumps({"cells": list(cells), "nbformat": 4, "nbformat_minor": 5})


def test_outputs_of_a_notebook() -> None:
    cells = [
        {
            "cell_type": "code", "execution_count": 1, "source": ["print(1)\n", "2"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["1\n"]},
                {"output_type": "stream", "name": "stderr", "text": ["warned\n"]},
                {"output_type": "execute_result", "data": {"text/plain": ["2"]}},
            ],
        },
        {"cell_type": "markdown", "source": "words"},
        {"cell_type": "code", "execution_count": None, "source": "x", "outputs": []},
        {
            "cell_type": "code", "execution_count": 2, "source": "x",
            "outputs": [{"output_type": "error", "ename": "NameError", "evalue": "name 'x'"}],
        },
        {
            "cell_type": "code", "execution_count": 3, "source": "plot()",
            "outputs": [{"output_type": "display_data", "data": {"image/png": "", "text/plain": "<Figure>"}}],
        },
    ]  # fmt: skip
    book = book_of(notebook(*cells), "a.ipynb")
    assert [cell.stored for cell in book.cells] == ["1\n2\n", None, "NameError: name 'x'\n", ""]
    assert [cell.source.name for cell in book.cells][-1] == "a.ipynb, cell 4"


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}", '{"cells": 3}'])
def test_what_is_no_notebook(text: str) -> None:
    with pytest.raises(InputError, match="is not a notebook"):
        book_of(text, "a.ipynb")
