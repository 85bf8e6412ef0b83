"""Draw expressions and programs, run them within limits in a watched child, and say which end as none should.

    python tests/fuzz.py --expressions 20000 --programs 20000 --seed 1

Wrong is: an exception that leaves the package, or that its own code raises by accident; a text that names the
package; a crash; a hang; output behind a limit's error, or such an error caught; what Python's audit events
tell of files, processes and imports. Each kind is printed once, with the smallest text found; then the exit
code is 1. `--foreign` also lists errors in words of numpy's or Python's where the reference may have its own;
they don't fail. `--text FILE` judges a program alone. A million of each takes hours (`--programs 1000000 …`);
Ctrl-C ends the drawing, and says what was found.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

TRIES = 400  # to make a text smaller
MOST_MEMORY = 6 << 30
ONLY_LISTED = "foreign words"
RENEWED = 5000  # texts that one child runs


class Child:
    """The process that runs texts; another one takes its place when it ends.

    Args:
        seconds: how long a text may take.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115

    def ask(self, kind: str, text: str) -> list[tuple[str, str]]:
        """What is wrong with how a text ends, as kinds of findings and what they find."""
        if self.process is None or self.asked >= RENEWED:
            self._start()
        self.asked += 1
        assert self.process is not None and self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps([kind, text]).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return [self._ended()]
        answer = self._answer(self.seconds)
        if answer is None:
            return [self._ended()]
        return [(found[0], found[1]) for found in json.loads(answer)]

    def _start(self) -> None:
        self._stop()
        self.asked = 0
        self.errors.truncate(0)
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", __file__, "--child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            start_new_session=True,  # Ctrl-C isn't for it
        )
        if self._answer(120) != b"[]\n":
            raise SystemExit("the child didn't start")

    def _answer(self, seconds: float) -> bytes | None:
        """A line; None if it ends, or takes too long."""
        assert self.process is not None and self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        return (self.process.stdout.readline() or None) if ready else None

    def _ended(self) -> tuple[str, str]:
        assert self.process is not None
        try:
            code = self.process.wait(1)
        except subprocess.TimeoutExpired:
            return "hang", f"more than {self.seconds:.0f} s"
        finally:
            self._stop()
        self.errors.seek(0)
        last = self.errors.read().decode(errors="replace").strip().split("\n")[-1]
        return "crash", signal.Signals(-code).name if code < 0 else f"exit code {code} {last}"

    def _stop(self) -> None:
        if self.process is None:
            return
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self.process.wait()
        self.process = None

    def close(self) -> None:
        """No more texts are asked about."""
        self._stop()
        self.errors.close()


def serve() -> None:
    """Be the child: a line of JSON for each text, and one when it is ready."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what is printed isn't an answer
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from fuzz_judged import judged, warmed

    watch = warmed()
    print("[]", file=out, flush=True)
    for line in sys.stdin:
        kind, text = json.loads(line)
        print(json.dumps(judged(kind, text, watch)), file=out, flush=True)


# ---- smaller texts ---------------------------------------------------------------------------------


def reduced(text: str, finds: Callable[[str], bool], tries: int) -> str:
    """A smaller text that finds the same."""
    left = tries
    shorter = True
    while shorter and left > 0:
        shorter = False
        for candidate in _smaller(text):
            left -= 1
            if left <= 0:
                break
            if len(candidate) < len(text) and finds(candidate):
                text, shorter = candidate, True
                break
    return text


def _smaller(text: str) -> Iterator[str]:
    """Texts with fewer lines, and with parts of expressions in the place of the whole."""
    lines = text.split("\n")
    size = len(lines) // 2
    while size:
        for start in range(0, len(lines), size):
            yield "\n".join(lines[:start] + lines[start + size :])
        size //= 2
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        for size in (32, 8, 2, 1):
            for start in range(0, len(text), size):
                yield text[:start] + text[start + size :]
        return
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.expr, ast.stmt, ast.keyword))]
    data = text.encode()
    starts = [0]
    for line in data.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    for node in sorted(nodes, key=lambda n: (n.lineno, n.col_offset)):
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        parts = [
            ast.unparse(part)
            for part in ast.walk(node)
            if isinstance(part, ast.expr) and part is not node
        ]
        for part in ["0", "x", "", *parts[:8]]:
            yield (data[:begin] + part.encode() + data[end:]).decode()
        if data[end : end + 2] == b", ":
            yield (data[:begin] + data[end + 2 :]).decode()
        if data[begin - 2 : begin] == b", ":
            yield (data[: begin - 2] + data[end:]).decode()


# ---- the command -----------------------------------------------------------------------------------


def main() -> int:
    """Draw, judge, and print what was found."""
    heading, _, further = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=heading, epilog=further, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--expressions", type=int, default=0, metavar="N")
    parser.add_argument("--programs", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=0, help="texts follow from it and their number")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the number of the first")
    parser.add_argument("--seconds", type=float, default=30, help="from which a text hangs")
    parser.add_argument("--foreign", action="store_true", help="list words of numpy's and Python's")
    parser.add_argument("--text", metavar="FILE", help="judge this program, or - of standard input")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        serve()
        return 0
    child = Child(given.seconds)
    try:
        if given.text:
            text = sys.stdin.read() if given.text == "-" else Path(given.text).read_text()
            found = child.ask("program", text)
            print(*(": ".join(one) for one in found), sep="\n")
            return int(bool(found))
        return run(child, given)
    finally:
        child.close()


def run(child: Child, given: argparse.Namespace) -> int:
    """Draw all texts; 1 if anything is wrong."""
    from fuzz_texts import text_of

    known: dict[tuple[str, str], list[tuple[str, str]]] = {}
    done = {"expression": 0, "program": 0}
    try:
        for kind, count in zip(done, (given.expressions, given.programs)):
            for number in range(given.first, given.first + count):
                text = text_of(kind, number, given.seed)
                for found in child.ask(kind, text):
                    if found not in known:
                        print(f"{kind} {number}: {': '.join(found)}", file=sys.stderr, flush=True)
                    known.setdefault(found, []).append((kind, text))
                done[kind] += 1
                if done[kind] % 1000 == 0:
                    said = f"{done[kind]:,} {kind}s, {len(known)} kinds"
                    print(said, file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("interrupted: what was found until now", file=sys.stderr)
    wrong = {found for found in known if found[0] != ONLY_LISTED}
    for found, texts in sorted(known.items()):
        if found in wrong or given.foreign:
            kind, text = min(texts, key=lambda one: len(one[1]))
            tries = TRIES // 20 if found[0] in ("hang", "crash") else TRIES
            finds = partial(_finds, child, kind, found)
            small = reduced(text, finds, tries) if finds(text) else text  # or only once a process
            print(f"== {': '.join(found)} ({len(texts)} times, {kind})\n{small}\n", flush=True)
    listed = len(known) - len(wrong)
    print(
        f"{done['expression']:,} expressions and {done['program']:,} programs, seed {given.seed}: "
        f"{len(wrong)} kinds of wrong ends, {listed} of foreign words"
    )
    return int(bool(wrong))


def _finds(child: Child, kind: str, found: tuple[str, str], text: str) -> bool:
    return found in child.ask(kind, text)


if __name__ == "__main__":
    sys.exit(main())
