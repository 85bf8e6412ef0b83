"""What three shells and this program say to each other at each TAB. Imported only then.

A shell passes the line up to the cursor. It gets a line for each word that may stand there: a kind, the
word, and what is said of it, with tabs between. Kinds are click's `plain`, `file` and `dir`; `part` is a word
that goes on, behind which no space comes; `raw` is one with its quotes. Expressions stand in quotes and have
signs at which shells part words, so the line is taken apart here, and of a word goes back what the shell
takes for the one that it completes.
"""

from __future__ import annotations

import os
from shlex import quote
from typing import NamedTuple

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

from autodiff_cli.cli.candidates import candidates

VARIABLE = "_AUTODIFF_COMPLETE"
KEPT = "@$"  # signs at which bash parts words that stay with what follows (readline's special prefixes)

BASH = r"""%(complete_func)s() {
    local IFS=$'\n' kind word said
    COMPREPLY=()
    while IFS=$'\t' read -r kind word said; do
        case $kind in
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
            part) compopt -o nospace; COMPREPLY+=("$word") ;;
            plain) COMPREPLY+=("$word") ;;
        esac
    done < <(env %(complete_var)s=bash_complete COMP_LINE="${COMP_LINE:0:COMP_POINT}" \
        COMP_WORDBREAKS="$COMP_WORDBREAKS" "${1/#\~/$HOME}" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

ZSH = r"""#compdef %(prog_name)s
%(complete_func)s() {
    local kind word said
    local -a plain parts raw said_plain said_parts
    while IFS=$'\t' read -r kind word said; do
        case $kind in
            file) _files ;;
            dir) _files -/ ;;
            part) parts+=("$word"); said_parts+=("$word${said:+  -- $said}") ;;
            raw) raw+=("$word") ;;
            plain) plain+=("$word"); said_plain+=("$word${said:+  -- $said}") ;;
        esac
    done < <(env %(complete_var)s=zsh_complete \
        COMP_LINE="${(j: :)words[1,CURRENT-1]} ${words[CURRENT]%%"$SUFFIX"}" \
        "${words[1]/#\~/$HOME}" 2>/dev/null)
    (( $#parts )) && compadd -U -l -S '' -d said_parts -a parts
    (( $#raw )) && compadd -U -Q -S '' -a raw
    (( $#plain )) && compadd -U -l -d said_plain -a plain
    return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef %(complete_func)s %(prog_name)s
fi
"""

FISH = r"""function %(complete_func)s
    set -l command (commandline -opc)[1]
    env %(complete_var)s=fish_complete COMP_LINE=(commandline -cp | string collect) \
        (string replace -r '^~' "$HOME" -- $command) 2>/dev/null | while read -l -d \t kind word said
        switch $kind
            case file
                __fish_complete_path (commandline -ct)
            case dir
                __fish_complete_directories (commandline -ct)
            case plain part
                printf '%%s\t%%s\n' $word $said
        end
    end
end
complete --no-files --command %(prog_name)s --arguments '(%(complete_func)s)'
"""


class Line(NamedTuple):
    """A line up to the cursor.

    Attributes:
        words: those that are complete.
        word: the one at the cursor, without quotes; "" if there is none yet.
        bare: of each of its characters, whether it stands outside of quotes.
        quoted: where in it the quotes begin that are still open, or None.
        quote: the sign that opened them.
    """

    words: list[str]
    word: str
    bare: list[bool]
    quoted: int | None
    quote: str = ""

    def begins(self, breaks: str) -> int:
        """Where the part of the word begins that a shell which parts words at some signs completes."""
        if self.quoted is not None:
            return self.quoted
        signs = [i for i, sign in enumerate(self.word) if self.bare[i] and sign in breaks]
        if not signs:
            return 0
        return signs[-1] + (self.word[signs[-1]] not in KEPT)


def line_of(text: str) -> Line:
    r"""Take a line apart as shells do; its last word may be unfinished.

    >>> line_of("autodiff x='on")
    Line(words=['autodiff'], word='x=on', bare=[True, True, False, False], quoted=2, quote="'")
    >>> line_of(r'autodiff "a b" x=@t\ 1').word, line_of("autodiff x ").word
    ('x=@t 1', '')
    """
    words: list[str] = []
    word: list[str] = []
    bare: list[bool] = []
    opened, quoted, begun = "", 0, False
    signs = iter(text)
    for sign in signs:
        if not opened and sign.isspace():
            if begun:
                words.append("".join(word))
            word, bare, begun = [], [], False
            continue
        begun = True
        if sign == "\\" and opened != "'":
            following = next(signs, "")
            sign = following if not opened or following in '"\\$`' else sign + following
            word += sign
            bare += [False] * len(sign)
        elif opened:
            if sign == opened:
                opened = ""
            else:
                word.append(sign)
                bare.append(False)
        elif sign in "\"'":
            opened, quoted = sign, len(word)
        else:
            word.append(sign)
            bare.append(True)
    return Line(words, "".join(word), bare, quoted if opened else None, opened)


class _Shell(ShellComplete):
    """What the shells have in common."""

    def complete(self) -> str:
        line = line_of(os.environ.get("COMP_LINE", ""))
        return "\n".join(
            "\t".join([*self.spelled(line, item), " ".join((item.help or "").split())])
            for item in self.items(line)
        )

    def spelled(self, line: Line, item: CompletionItem[str]) -> tuple[str, str]:
        """The kind of a word, and what of it the shell puts in the place of the one at the cursor."""
        return item.type, item.value

    def items(self, line: Line) -> list[CompletionItem[str]]:
        """What may stand at the cursor; behind a single word, shells would close open quotes.

        So there are two at least where the word goes on: what comes behind it, or its call.
        """
        found = candidates(self.cli, line.words[1:], line.word)
        if line.quoted is None or [item.type for item in found] != ["part"]:
            return found
        (item,) = found
        further = candidates(self.cli, line.words[1:], item.value)
        if item.value[-1] in "./=" and len(further) > 1:
            return further
        return [item, CompletionItem(f"{item.value}(", "part")]


class Bash(_Shell, BashComplete):
    """bash, whose signs between words are those of COMP_WORDBREAKS."""

    source_template = BASH

    def spelled(self, line: Line, item: CompletionItem[str]) -> tuple[str, str]:
        return item.type, item.value[line.begins(os.environ.get("COMP_WORDBREAKS", "")) :]


class Zsh(_Shell, ZshComplete):
    """zsh, which quotes what it inserts, but forgets quotes that begin within a word."""

    source_template = ZSH

    def spelled(self, line: Line, item: CompletionItem[str]) -> tuple[str, str]:
        if not line.quoted or item.type not in ("part", "plain"):
            return item.type, item.value
        before, behind = item.value[: line.quoted], item.value[line.quoted :]
        end = line.quote if item.type == "plain" else ""
        return "raw", f"{quote(before)}{line.quote}{behind}{end}"


class Fish(_Shell, FishComplete):
    """fish, which quotes what it inserts."""

    source_template = FISH


SHELLS = {"bash": Bash, "zsh": Zsh, "fish": Fish}
for _name, _class in SHELLS.items():
    add_completion_class(_class, _name)
