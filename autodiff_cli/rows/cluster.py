"""A Dask cluster: one that is there, or workers of this machine; calls on it, and what becomes of them."""

from __future__ import annotations

import contextlib
import logging
import queue
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from multiprocessing.resource_tracker import ensure_running
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import uuid4

from autodiff_cli import __version__
from autodiff_cli.errors import InputError
from autodiff_cli.rows import part as parts
from autodiff_cli.rows.part import Work

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

T = TypeVar("T")
TURN = 0.1  # seconds of waiting before looking at Ctrl-C and the cluster
PATIENCE = (
    5.0  # seconds before the lack of workers is worth a line, and for parts to end when it is over
)


class Cluster(NamedTuple):
    """Where the work is done.

    Attributes:
        scheduler: its address; None starts workers on this machine.
        workers: how many of those; None: as many as processors.
        part_bytes: about how much of the files is one part.
        threads: the most threads of a worker; None: one of this machine's, others as they are.
        timeout: seconds in which the scheduler has to answer.
    """

    scheduler: str | None = None
    workers: int | None = None
    part_bytes: int = 64 << 20
    threads: int | None = None
    timeout: float = 10


class ClusterFault(InputError):
    """The cluster can't be reached, or was lost."""

    kind = "ClusterError"


def lost(address: str | None) -> ClusterFault:
    """That a cluster is gone."""
    return ClusterFault(
        f"the cluster at {address} closed in the middle of the run",
        hint="whole parts stay: the same command with --resume goes on",
    )


class Tasks:
    """Calls on the workers of a cluster."""

    def __init__(self, client: Client, work: Work, warn: Callable[[str], None]) -> None:
        self.client = client
        self.work = work
        self.warn = warn
        self.address = client.scheduler.address if client.scheduler is not None else ""
        self.pending: dict[int, Future[Any]] = {}
        self.alone = 0.0  # since when there has been no worker
        self._check()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a large binding, which is sent once
            self.held = self._submit(parts.held, "work", work)

    def _check(self) -> None:
        """Wait for a worker, and see that all that are there can do the work.

        Raises:
            ClusterFault: one lacks the package, or has another version; a call would hang there.
        """
        while not self._look():
            time.sleep(TURN)
        for address, found in self.client.run(parts.version, on_error="return").items():
            if found != __version__:
                named = str(found)[:1].isdigit()  # else it is an error, or the text of one
                what = f"has version {found}, not {__version__}" if named else f"lacks it: {found}"
                raise _unfit(f"all workers need this package; the one at {address} {what}")

    def _submit(self, call: Callable[..., Any], name: str, *arguments: object) -> Future[Any]:
        key = f"autodiff-{name}-{self.work.run}"
        return self.client.submit(call, *arguments, key=key, pure=False)

    def results(
        self,
        call: Callable[..., T],
        calls: Mapping[int, tuple[Any, ...]],
        shared: bool = True,
    ) -> Iterator[tuple[int, T]]:
        """What the calls give, as they end.

        Args:
            shared: whether the work is the first argument.

        Raises:
            ClusterFault: the cluster is lost, or workers die of a call.
        """
        ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        name = f"{call.__name__}-{uuid4().hex[:8]}"
        for number, arguments in calls.items():
            first = (self.held,) if shared else ()
            self.pending[number] = self._submit(call, f"{name}-{number}", *first, *arguments)
        for number, future in self.pending.items():
            future.add_done_callback(partial(_put, ended, number))
        while self.pending:
            try:
                number = ended.get(timeout=TURN)
            except queue.Empty:
                self._look()
                continue
            if number not in self.pending:  # it was given up
                continue
            future = self.pending[number]
            if not future.done():  # lost with the worker that held it; another one does it again
                future.add_done_callback(partial(_put, ended, number))
                continue
            del self.pending[number]
            found = self._result(future, name, number)
            future.release()
            yield number, found

    def _result(self, future: Future[Any], name: str, number: int) -> Any:
        if future.status == "cancelled":
            raise self._lost()
        if future.status != "error":  # finished; or lost just now, and it waits
            return future.result()
        from distributed import KilledWorker

        error = future.exception()
        if isinstance(error, KilledWorker):
            raise ClusterFault(
                f"workers died again and again of part {number}",
                hint="is their memory enough? --chunk-size and --max-elements bound what a part needs",
            )
        if isinstance(error, ImportError):
            raise _unfit(f"a worker can't import what it needs: {error}")
        assert isinstance(error, BaseException)
        raise error

    def _look(self) -> bool:
        """See whether there is a cluster still; whether it has workers."""
        if self.client.status not in ("running", "connecting"):
            raise self._lost()
        if any(future.status == "cancelled" for future in self.pending.values()):
            raise self._lost()
        if self.client.scheduler_info(n_workers=-1)["workers"]:
            self.alone = 0
            return True
        if not self.alone:
            self.alone = time.monotonic()
        elif self.alone > 0 and time.monotonic() - self.alone > PATIENCE:
            self.warn(f"the cluster at {self.address} has no workers: waiting")
            self.alone = -1  # said
        return False

    def _lost(self) -> ClusterFault:
        return lost(self.address)

    def cancel(self, which: Callable[[int], bool]) -> None:
        """Give up some of the calls."""
        chosen = [number for number in self.pending if which(number)]
        self.client.cancel([self.pending.pop(number) for number in chosen])

    def stop(self) -> None:
        """Give up all calls, and wait a little for the workers to end what they have begun."""
        from distributed.comm.core import CommClosedError

        if self.client.status != "running":
            return
        with contextlib.suppress(CommClosedError, OSError, RuntimeError, TimeoutError):
            self.cancel(lambda number: True)
            self.client.run(parts.stop, self.work.run, on_error="ignore")
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                idle = self.client.run(parts.idle, on_error="ignore").values()
                if all(one is not False for one in idle):
                    return
                time.sleep(TURN)


def _unfit(message: str) -> ClusterFault:
    return ClusterFault(message, hint=f"on all workers: pip install 'autodiff-cli=={__version__}'")


@contextlib.contextmanager
def connected(cluster: Cluster) -> Iterator[Client]:
    """A client of the cluster that is named, or of one that is started here and ended behind.

    Raises:
        InputError: there is none, or the packages are missing.
    """
    try:
        import distributed
    except ImportError:
        raise InputError(
            "--engine dask needs the packages dask and distributed, which aren't installed",
            hint="pip install 'autodiff-cli[cluster]'",
        ) from None
    with _silent():
        if cluster.scheduler is not None:
            with contextlib.closing(_client(cluster.scheduler, cluster.timeout)) as client:
                try:
                    yield client
                except distributed.comm.core.CommClosedError:  # before the client knows it
                    raise lost(cluster.scheduler) from None
            return
        with (
            tempfile.TemporaryDirectory(prefix="autodiff-", ignore_cleanup_errors=True) as folder,
            _here(cluster, folder) as local,
            distributed.Client(local, set_as_default=False) as client,
        ):
            yield client


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Without what the library says: what a person should know is said in this package's words."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed.")]
    loggers = [
        logging.getLogger(name) for name in ("distributed", *names)
    ]  # some have their own level
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)


def _here(cluster: Cluster, folder: str) -> LocalCluster:
    """Workers of this machine, which don't see Ctrl-C: whoever started them ends them.

    They inherit what the thread that starts them blocks, and it the same from this one. The process that
    multiprocessing starts beside them has to be there before: starting it ends the blocking.
    """
    from distributed import LocalCluster

    blocks = hasattr(signal, "pthread_sigmask")
    if blocks:
        ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if blocks else set()
    try:
        return LocalCluster(
            n_workers=cluster.workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # its server is started also without a dashboard
            scheduler_kwargs={"dashboard": False},
            worker_dashboard_address=None,
            local_directory=folder,
            memory_limit=0,
            silence_logs=logging.CRITICAL,
            env={"POLARS_MAX_THREADS": str(cluster.threads or 1)},
        )
    finally:
        if blocks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _client(address: str, timeout: float) -> Client:
    from distributed import Client

    try:
        return Client(address, timeout=timeout, set_as_default=False)
    except (OSError, TimeoutError):
        raise ClusterFault(
            f"no Dask scheduler answers at '{address}'",
            hint="start one: dask scheduler; or leave out --scheduler to use this machine alone",
        ) from None
    except (ValueError, TypeError) as error:
        raise ClusterFault(
            f"'{address}' is no address of a Dask scheduler: {error}",
            hint="it looks like tcp://HOST:8786",
        ) from None


def _put(ended: queue.SimpleQueue[int], number: int, future: object) -> None:
    ended.put(number)
