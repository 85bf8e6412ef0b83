"""Words by what they are called or mean."""

from __future__ import annotations

import re
from difflib import get_close_matches
from itertools import chain

from autodiff_cli.lexicon.entries import TENSOR, Entry, entries, families, last_part
from autodiff_cli.record import Record

PREFIXES = (("torch.nn.functional.", "F."), ("torch.nn.", "nn."), ("torch.", ""))
NEAR = 0.72  # how alike a typing error and the word that was meant are
SHORTEST = 3  # letters of a word from where on a part of it finds others
EMPTY = frozenset("a an the of by to in for with and is".split())


class Found(Record):
    """What a search gives.

    Attributes:
        entries: words, the best first.
        exact: whether the first is what was named.
        group: the family or the module that was named, or "".
        nearest: what they are nearest to, if nothing is called as was asked.
    """

    entries: tuple[Entry, ...]
    exact: bool = False
    group: str = ""
    nearest: str = ""


def found(query: str) -> Found:
    """Search by a name, a family, or a meaning.

    >>> found("average").entries[0].name, found("inverse tangent").entries[0].name
    ('mean', 'atan')
    >>> found("torch.nn.functional.relu").entries[0].name, found("sofmax").entries[0].name
    ('relu', 'softmax')
    """
    query = " ".join(query.split())
    if query.lower() in families():
        return Found(families()[query.lower()][1], group=query.lower())
    result = _named(query)
    if result.entries:
        return result
    meant = _by_meaning(query.lower())
    if meant:
        return Found(tuple(meant))
    each = [_named(word).entries[:1] for word in query.split()]
    if all(each):
        return Found(tuple(chain.from_iterable(each)))
    words = _words()
    near = get_close_matches(query.lower(), words, n=1, cutoff=NEAR)
    if not near:
        return Found(())
    return Found(tuple(words[near[0]]), nearest=near[0])


def _named(query: str) -> Found:
    """What is called so, or stands in a module that is."""
    name = _plain_name(query)
    plain = name.removeprefix(TENSOR)
    # relu is the function, F.relu and nn.ReLU have longer names; x.sum is a method of the function
    for asked, names in ((name, _full), (plain, _full), (plain, _last)):
        named = [entry for entry in entries() if asked in names(entry)]
        if named:
            others = [e for e in entries() if plain in _last(e) and e not in named]
            return Found((*named, *others), exact=len(named) == 1)
    room = name.removesuffix(".")
    inside = tuple([entry for entry in entries() if entry.name.startswith(f"{room}.")])
    return Found(inside, group=room)


def _plain_name(query: str) -> str:
    """A name as it is listed, without parentheses and prefixes.

    >>> _plain_name("torch.nn.functional.relu(x)"), _plain_name("x.view")
    ('F.relu', 'Tensor.view')
    """
    name = re.sub(r"\(.*\)$", "", query)
    for prefix, stands in PREFIXES:
        if name.startswith(prefix):
            return stands + name.removeprefix(prefix)
    return re.sub(r"^x\.", TENSOR, name)


def _full(entry: Entry) -> set[str]:
    return {spelled for name in entry.names for spelled in (name, f"{name}_")}


def _last(entry: Entry) -> set[str]:
    return {last_part(name) for name in _full(entry)}


def _by_meaning(query: str) -> list[Entry]:
    """Those whose search words are the query, then those that have all its words somewhere."""
    asked = [word for word in re.findall(r"[^\s,]+", query) if word not in EMPTY] or [query]
    scored = []
    for place, entry in enumerate(entries()):
        phrases = [phrase.lower() for phrase in entry.search]
        names = [last_part(name).lower() for name in entry.names]
        first = phrases.index(query) if query in phrases else None
        if query in names:
            score = 0
        elif first is not None:
            score = 1 + first
        elif _has(" ".join([*names, *phrases]), asked):
            score = 100
        elif _has(" ".join([*names, *phrases, entry.summary.lower()]), asked):
            score = 200
        else:
            continue
        scored.append((score, place, entry))
    return [entry for _, _, entry in sorted(scored, key=lambda item: item[:2])]


def _has(text: str, asked: list[str]) -> bool:
    """Whether each word that is asked for begins a word of a text."""
    words = re.findall(r"[\w'-]+", text)
    return all(
        any(word == part or (len(part) >= SHORTEST and word.startswith(part)) for word in words)
        for part in asked
    )


def _words() -> dict[str, list[Entry]]:
    """What a typing error may have been: names and search words, with whose they are."""
    known: dict[str, list[Entry]] = {}
    for entry in entries():
        for word in (*map(last_part, entry.names), *entry.search):
            known.setdefault(word.lower(), []).append(entry)
    return known
