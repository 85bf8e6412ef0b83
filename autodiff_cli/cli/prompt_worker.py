"""The process that computes for the prompt, behind the wall: it is asked by one pipe and answers by another.

What it says is taken as a text's could be: texts to show, and names; nothing of it is run here.
"""

from __future__ import annotations

import json
import os
import pickle
import select
import signal
import struct
import sys
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from autodiff_cli.cli.resources import Computing
from autodiff_cli.errors import AutodiffError, InputError

if TYPE_CHECKING:
    from autodiff_cli.evaluation.typed import Desk

GRACE = 2.0  # seconds that an interrupted text has to end in
PATIENCE = 1.0  # seconds that are waited for names
LARGEST = 1 << 24  # bytes of a message
PIECE = 1 << 20  # characters of a text in one
HEAD = struct.Struct("=I")
Say = Callable[[str], object]


class Failed(Exception):
    """A text ended in an error, whose words are `args`.

    Attributes:
        done: the statements before it, which stay.
    """

    def __init__(self, said: str, done: list[str]) -> None:
        super().__init__(said)
        self.done = done


class Gone(Exception):
    """The process that computes has ended, with all variables."""


def _nothing(text: str) -> None:
    """What hears nothing."""


class Here:
    """What computes in this process, where there is no fork.

    Args:
        words: of the command.
        paint: wraps labels, for colour.
    """

    def __init__(self, words: Computing, paint: Callable[[str], str]) -> None:
        self.words = words
        self.paint = paint
        self.write: Say = _nothing
        self.complain: Say = _nothing
        self.desk: Desk | None = None
        self.busy = False

    def ask(self, kind: str, *args: Any, write: Say = _nothing, complain: Say = _nothing) -> Any:
        """What a method of `Desk` gives.

        Args:
            kind: the method's name.
            args: its arguments.
            write, complain: called with what is printed meanwhile.

        Raises:
            Failed: it ended in an error.
        """
        from autodiff_cli.evaluation import typed

        if self.desk is None:
            from autodiff_cli.cli.confining import confine

            confine(self.words.wall())
            self.desk = typed.Desk(self._begun())
        self.write, self.complain = write, complain
        try:
            self.busy = True
            return getattr(self.desk, kind)(*args)
        except typed.Failed as error:
            raise Failed(str(error), error.done) from None
        except KeyboardInterrupt:
            raise Failed("interrupted", []) from None
        except AutodiffError as error:
            raise Failed(error.report(), []) from None
        finally:
            self.busy = False

    def _begun(self) -> Any:
        from autodiff_cli.evaluation.interactive import Interactive

        session = Interactive(
            self.words.settings(),
            self.paint,
            write=lambda text: self.write(text),
            complain=lambda text: self.complain(text),
        )
        return session.__enter__()

    def interrupt(self) -> None:
        """End what runs."""
        if self.busy:
            raise KeyboardInterrupt

    def end(self) -> None:
        """Nothing is left behind: the process ends."""


class Apart:
    """What computes in a process of its own, which is begun again where it ends.

    Args:
        words: of the command.
        paint: wraps labels, for colour.
    """

    def __init__(self, words: Computing, paint: Callable[[str], str]) -> None:
        self.words = words
        self.paint = paint
        self.asked = 0
        self.busy = False
        self.interrupts = 0
        self.why = ""  # it was killed
        self._start()

    def _start(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        requests, self.requests = os.pipe()
        self.replies, replies = os.pipe()
        parent = os.getpid()
        self.received = b""
        self.ready = False
        self.why = ""
        self.child = os.fork()
        if self.child:
            os.close(requests)
            os.close(replies)
            return
        code = 1
        try:
            os.close(self.requests)
            os.close(self.replies)
            code = _Child(Here(self.words, self.paint), requests, replies, parent).work()
        finally:
            os._exit(code)

    def ask(self, kind: str, *args: Any, write: Say = _nothing, complain: Say = _nothing) -> Any:
        """What `Here.ask` gives; Ctrl-C ends what takes long, and a second one the process.

        Raises:
            Failed: it ended in an error.
            Gone: the process has ended.
        """
        self.asked += 1
        self.interrupts = 0
        quick = kind == "names"
        seconds = PATIENCE if quick else self.words.timeout
        waits = quick or self.ready  # the time of a text doesn't run while modules are imported
        late = None if seconds is None or not waits else monotonic() + seconds
        self.busy = not quick
        try:
            self._send(pickle.dumps((self.asked, kind, args)))
            while True:
                if not self._arrives(late):
                    if quick:
                        return []
                    self._late()
                    late = monotonic() + GRACE
                    continue
                reply = self._reply()
                if "ready" in reply:
                    self.ready = True
                    if not quick and seconds is not None:
                        late = monotonic() + seconds
                if reply.get("asked", self.asked) != self.asked:  # of names that came too late
                    continue
                for key, say in (("out", write), ("err", complain)):
                    if key in reply and not self.interrupts:
                        say(str(reply[key]))
                if "fatal" in reply:
                    raise InputError(str(reply["fatal"]).partition(": ")[2])
                if "failed" in reply:
                    said = self.why or str(reply["failed"])
                    self.why = ""
                    raise Failed(said, list(map(str, reply["done"])))
                if "done" in reply:
                    return reply["done"]
        finally:
            self.busy = False

    def interrupt(self) -> None:
        """End what runs; the second time, the process."""
        if self.busy:
            self.interrupts += 1
            self._kill(signal.SIGINT if self.interrupts == 1 else signal.SIGKILL)

    def _late(self) -> None:
        """The time is over: interrupt it, and kill it when it goes on."""
        from autodiff_cli.cli.watch import too_long

        assert self.words.timeout is not None
        self._kill(signal.SIGKILL if self.why else signal.SIGINT)
        self.why = too_long(self.words.timeout).report()

    def _kill(self, number: int) -> None:
        os.kill(self.child, number)  # it isn't waited for yet: the number is its own

    def _send(self, content: bytes) -> None:
        content = HEAD.pack(len(content)) + content
        try:
            while content:
                content = content[os.write(self.requests, content) :]
        except BrokenPipeError:
            raise self._gone() from None

    def _arrives(self, late: float | None) -> bool:
        """Whether there is something to read before it is too late."""
        while not self._whole():
            left = None if late is None else max(0.0, late - monotonic())
            if not select.select([self.replies], [], [], left)[0]:
                return False
            part = os.read(self.replies, 1 << 16)
            if not part:
                raise self._gone()
            self.received += part
        return True

    def _whole(self) -> bool:
        if len(self.received) < HEAD.size:
            return False
        size: int = HEAD.unpack_from(self.received)[0]
        if size > LARGEST:  # which this program never writes
            self._kill(signal.SIGKILL)
            raise self._gone()
        return len(self.received) >= HEAD.size + size

    def _reply(self) -> dict[str, Any]:
        end = HEAD.size + HEAD.unpack_from(self.received)[0]
        content, self.received = self.received[HEAD.size : end], self.received[end:]
        reply = json.loads(content)
        return reply if isinstance(reply, dict) else {}

    def _gone(self) -> Gone:
        """Why the process has ended; another one is begun."""
        from autodiff_cli.cli.supervisor import crash_of

        status = os.waitpid(self.child, 0)[1]
        os.close(self.requests)
        os.close(self.replies)
        said = self.why or ("interrupted" if self.interrupts > 1 else crash_of(status).report())
        self._start()
        return Gone(said)

    def end(self) -> None:
        """Let the process end."""
        os.close(self.requests)
        os.close(self.replies)
        self._kill(signal.SIGKILL)  # which may still be importing
        os.waitpid(self.child, 0)


class _Child:
    """The side that computes.

    Args:
        here: does it.
        requests, replies: the pipes.
        parent: the number of the process that asks.
    """

    def __init__(self, here: Here, requests: int, replies: int, parent: int) -> None:
        self.here = here
        self.requests = requests
        self.replies = replies
        self.parent = parent

    def work(self) -> int:
        """Answer until nobody asks any more; the exit code."""
        from autodiff_cli.cli.apart import die_with

        os.setpgid(0, 0)  # Ctrl-C is the prompt's, which hands it on
        signal.signal(signal.SIGINT, lambda *_: self.here.interrupt())
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        die_with(self.parent)
        try:
            self._hold_memory()
            self.here.ask("variables")  # imports, and raises the wall
        except AutodiffError as error:
            self._send({"fatal": error.report()})
            return 1
        except Failed as error:
            self._send({"fatal": str(error)})
            return 1
        self._send({"ready": True})
        while True:
            request = self._request()
            if request is None:
                return 0
            self._answer(*request)

    def _hold_memory(self) -> None:
        if self.here.words.max_memory is None:
            return
        from autodiff_cli.cli.apart import hold_memory
        from autodiff_cli.wall.again import MEMORY, contents

        try:
            pages = contents(MEMORY)
        except OSError:  # not Linux
            return
        hold_memory(self.here.words.max_memory, pages)

    def _answer(self, asked: int, kind: str, args: tuple[Any, ...]) -> None:
        streams = {
            "write": lambda text: self._say("out", text),
            "complain": lambda text: self._say("err", text),
        }
        try:
            found = self.here.ask(kind, *args, **streams)
        except Failed as error:
            self._send({"asked": asked, "failed": str(error), "done": error.done})
        except KeyboardInterrupt:  # between two steps of ours
            self._send({"asked": asked, "failed": "interrupted", "done": []})
        else:
            self._send({"asked": asked, "done": found})

    def _say(self, key: str, text: str) -> None:
        for first in range(0, len(text), PIECE):
            self._send({key: text[first : first + PIECE]})

    def _request(self) -> tuple[int, str, tuple[Any, ...]] | None:
        head = self._read(HEAD.size)
        if len(head) < HEAD.size:
            return None
        request: tuple[int, str, tuple[Any, ...]] = pickle.loads(self._read(HEAD.unpack(head)[0]))
        return request

    def _read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            part = os.read(self.requests, size - len(found))
            if not part:
                break
            found += part
        return found

    def _send(self, reply: dict[str, Any]) -> None:
        content = json.dumps(reply).encode()
        content = HEAD.pack(len(content)) + content
        while content:
            content = content[os.write(self.replies, content) :]
