"""The second wall with the first taken away: raw Python behind it, which tries each door."""

from __future__ import annotations

import ctypes
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from console import ROOT

import autodiff_cli
from autodiff_cli.wall import Kernel, available, compiled, landlock, seccomp, syscalls

LINUX = sys.platform == "linux"
pytestmark = pytest.mark.skipif(not LINUX, reason="the wall is Linux's")
STANDS = available() if LINUX else Kernel(0, False)
needs_files = pytest.mark.skipif(not STANDS.landlock, reason="no Landlock here")
needs_calls = pytest.mark.skipif(not STANDS.seccomp, reason="no seccomp here")

# What each of them leaves behind is looked for afterwards.
BEFORE = """\
import ctypes, fcntl, json, os, signal, socket, struct, subprocess, sys, resource
LIBC = ctypes.CDLL(None, use_errno=True)
def call(*args):
    found = LIBC.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found
PARENT = os.getppid()
SECRET, FOLDER = sys.argv[1:3]
#SECRET, FOLDER = sys.argv[1:3]
from autodiff_cli.wall import raise_wall
raise_wall()
"""

FILES = [
    "open('/etc/passwd').read()",
    "open(SECRET).read()",
    "os.listdir('/')",
    "os.listdir(FOLDER)",
    "os.scandir(os.path.expanduser('~'))",
    "open('/proc/self/environ').read()",
    "open('/proc/self/cmdline').read()",
    "open('/proc/self/mem', 'rb').read(1)",
    "open('/proc/self/maps').read()",
    "open(f'/proc/{PARENT}/environ').read()",
    "open(f'/proc/{PARENT}/mem', 'rb').read(1)",
    "open('/proc/cpuinfo').read()",
    "open('/dev/tty')",
    "os.open(FOLDER, os.O_RDONLY)",
    "os.open('/proc/self/exe', os.O_RDONLY)",
]
WRITES = [
    "open(SECRET, 'w')",
    "open(SECRET, 'a')",
    "open(SECRET, 'r+')",
    "open(FOLDER + '/new', 'w')",
    "open(FOLDER + '/new', 'x')",
    "open('/dev/null', 'w')",
    "os.open(FOLDER, os.O_RDWR | os.O_TMPFILE)",
    "os.mkdir(FOLDER + '/new')",
    "os.mkfifo(FOLDER + '/new')",
    "os.mknod(FOLDER + '/new')",
    "os.unlink(SECRET)",
    "os.rmdir(FOLDER)",
    "os.rename(SECRET, FOLDER + '/new')",
    "os.replace(SECRET, FOLDER + '/new')",
    "os.link(SECRET, FOLDER + '/new')",
    "os.symlink(SECRET, FOLDER + '/new')",
    "os.truncate(SECRET, 0)",
    "os.chmod(SECRET, 0o777)",
    "os.chown(SECRET, os.getuid(), os.getgid())",
    "os.utime(SECRET)",
    "os.setxattr(SECRET, 'user.x', b'1')",
    "os.removexattr(SECRET, 'user.x')",
    "open(os.path.join(os.path.dirname(os.__file__), 'new.py'), 'w')",
]
PROGRAMS = [
    "os.execv('/bin/sh', ['sh', '-c', 'echo run'])",
    "os.execve(sys.executable, ['python'], {})",
    "subprocess.run(['/bin/sh', '-c', 'echo run'])",
    "subprocess.run('echo run', shell=True)",
    "os.posix_spawn('/bin/sh', ['sh', '-c', 'echo run'], {})",
    "os.popen('echo run').read()",
    "os.fork()",
    "os.forkpty()",
    "os.memfd_create('x')",
]
NETWORK = [
    "socket.socket()",
    "socket.socket(type=socket.SOCK_DGRAM)",
    "socket.socket(socket.AF_INET6)",
    "socket.socket(socket.AF_UNIX)",
    "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "socket.socketpair()",
    "socket.create_connection(('127.0.0.1', 9))",
]
OTHERS = [
    "os.kill(PARENT, 0)",
    "os.kill(PARENT, signal.SIGTERM)",
    "os.kill(-1, 0)",
    "os.killpg(os.getpgrp(), signal.SIGTERM)",
    "signal.pidfd_send_signal(os.pidfd_open(PARENT), 0)",
    "os.setpriority(os.PRIO_PROCESS, 0, 19)",
    "os.sched_setaffinity(PARENT, {0})",
    "os.setpgid(0, 0)",
    "os.setsid()",
    "os.setuid(os.getuid())",
    "os.chroot('/')",
    "fcntl.ioctl(0, 0x5412, b'x')",  # TIOCSTI: types at the terminal
    "fcntl.fcntl(0, fcntl.F_SETOWN, PARENT)",
    "fcntl.flock(0, fcntl.LOCK_EX)",
    "resource.prlimit(PARENT, resource.RLIMIT_NOFILE, (9, 9))",
]
# By their numbers, which Python has no functions for: x86-64, aarch64.
CALLS = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "keyctl": (250, 219), "add_key": (248, 217), "bpf": (321, 280),
    "request_key": (249, 218), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "init_module": (175, 105), "kexec_load": (246, 104), "open_by_handle_at": (304, 265),
    "fsopen": (430, 430), "open_tree": (428, 428), "move_mount": (429, 429), "clone3": (435, 435),
    "openat2": (437, 437), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "mount_setattr": (442, 442), "landlock_create_ruleset": (444, 444), "memfd_secret": (447, 447),
    "seccomp": (317, 277), "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180), "inotify_init1": (294, 26), "fanotify_init": (300, 262),
    "personality": (135, 92), "syslog": (103, 116), "reboot": (169, 142), "swapon": (167, 224),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "sethostname": (170, 161),
    "fallocate": (285, 47), "ftruncate": (77, 46), "fchmod": (91, 52), "fchown": (93, 55),
    "fsetxattr": (190, 7), "sendmsg": (46, 211), "recvmsg": (47, 212), "vmsplice": (278, 75),
    "unshare": (272, 97), "setns": (308, 268), "setrlimit": (160, 164), "vfork": (58, 1079),
    "a call of tomorrow": (901, 901), "a call of x32": (2**30 + 2, 900),
}  # fmt: skip


def behind(folder: Path, attempts: list[str]) -> dict[str, str]:
    """What comes of each attempt behind the wall, in one process."""
    secret = folder / "secret"
    inside = folder / "inside"
    secret.write_text("secret")
    inside.mkdir(exist_ok=True)
    lines = [
        f"try:\n    print('DONE', {n}, repr({text}))\nexcept Exception as error:\n"
        f"    print('NO', {n}, type(error).__name__, getattr(error, 'errno', None))\n"
        for n, text in enumerate(attempts)
    ]
    code = BEFORE + "".join(f"{line}sys.stdout.flush()\n" for line in lines)
    done = subprocess.run(
        [sys.executable, "-c", code, str(secret), str(inside)],
        capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert secret.read_text() == "secret" and secret.stat().st_mode & 0o777 != 0o777
    assert os.listdir(inside) == [] and "\nrun\n" not in f"\n{done.stdout}"
    found = {}
    for line in done.stdout.splitlines():
        verdict, number, rest = line.split(" ", 2)
        found[attempts[int(number)]] = f"{verdict} {rest}"
    assert list(found) == attempts
    return found


def refused(found: dict[str, str]) -> bool:
    """Whether all attempts were."""
    assert {text: said for text, said in found.items() if "PermissionError" not in said} == {}
    return True


@needs_files
def test_no_file_outside_is_read(tmp_path: Path) -> None:
    checkout = [f"os.listdir({str(ROOT / part)!r})" for part in ("", "tests", "docs")]
    assert refused(behind(tmp_path, [*FILES, *checkout, f"open({str(ROOT / 'README.md')!r})"]))


@needs_calls
@pytest.mark.parametrize("attempts", [WRITES, PROGRAMS, NETWORK, OTHERS])
def test_nothing_is_changed_started_sent_or_signalled(tmp_path: Path, attempts: list[str]) -> None:
    assert refused(behind(tmp_path, attempts))


@needs_calls
def test_a_shell_is_not_started(tmp_path: Path) -> None:
    assert behind(tmp_path, ["os.system('echo run')"]) == {"os.system('echo run')": "DONE 32512"}


@needs_calls
@pytest.mark.skipif(seccomp.machine() is None, reason="no table for this processor")
def test_what_python_has_no_functions_for(tmp_path: Path) -> None:
    column = seccomp.MACHINES[seccomp.machine() or ""][0]
    found = behind(tmp_path, [f"call({n[column]}, 0, 0, 0, 0, 0, 0)" for n in CALLS.values()])
    later = ("clone3", "a call of tomorrow", "a call of x32")
    wanted = {
        f"call({n[column]}, 0, 0, 0, 0, 0, 0)":
        "NO OSError 38" if name in later or n[column] > 800 else "NO PermissionError 1"
        for name, n in CALLS.items()
    }  # fmt: skip
    assert found == wanted


@pytest.mark.skipif(not STANDS.is_whole(), reason="a wall is missing here")
def test_what_stays_possible(tmp_path: Path) -> None:
    """What docs/security.md says of it."""
    attempts = [
        "os.stat(SECRET).st_size",
        "os.environ.get('PATH') is not None",
        "os.getcwd() is not None",
        "bool(os.listdir(os.path.dirname(os.__file__)))",
        "len(os.urandom(4))",
        "__import__('threading').Thread(target=print, args=('',), kwargs={'end': ''}).start()",
        "__import__('numpy').linalg.inv(__import__('numpy').eye(3))[0, 0]",
        "__import__('scipy.linalg').linalg.norm([3.0, 4.0])",
        "__import__('orjson').dumps([1])",
        "os.write(1, b'')",
        "os.get_terminal_size if os.isatty(1) else None",
        "resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0",
    ]
    found = behind(tmp_path, attempts)
    assert {text: said for text, said in found.items() if not said.startswith("DONE")} == {}


def test_either_wall_alone(tmp_path: Path) -> None:
    """A kernel may have one of them; writing and starting programs end at both."""
    for module, missing in (("landlock", "0"), ("seccomp", "False")):
        other = "seccomp" if module == "landlock" else "landlock"
        if not getattr(STANDS, other):
            continue
        patch = (
            f"import autodiff_cli.wall.{module} as one; "
            f"one.restrict = one.version = lambda *_, **__: {missing}\n"
        )
        secret = tmp_path / "secret"
        secret.write_text("secret")
        code = patch + BEFORE + (
            "from autodiff_cli.wall import wall\nprint(wall.stands)\n"
            "for attempt in (lambda: open(SECRET, 'w'), lambda: os.execv('/bin/true', ['true'])):\n"
            "    try:\n        attempt()\n    except PermissionError as error:\n        print('no')\n"
        )  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", code, str(secret), str(tmp_path)],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert (
            done.stdout.splitlines()[1:] == ["no", "no"] and f"no {module}" in done.stdout.lower()
        )
        assert secret.read_text() == "secret"


def test_byte_code_is_written_before(tmp_path: Path) -> None:
    """Behind the wall it can't be, and an installer may have left it out."""
    import shutil

    package = Path(autodiff_cli.__file__).parent
    if not (package.parent / "grammar").exists():
        pytest.skip("no checkout")
    shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(package.parent / "grammar", tmp_path / "grammar")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    late = tmp_path / package.name / compiled.LATE / "__pycache__"
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "autodiff_cli", "x*2", "x=3", "--no-grad"],
            capture_output=True, text=True, check=True,
            env=environment, cwd=tmp_path,
        )  # fmt: skip
        assert done.stdout == "value: tensor(6., grad_fn=<MulBackward0>)\n"
        assert (late / f"__init__.{sys.implementation.cache_tag}.pyc").exists()


# ---- the tables -----------------------------------------------------------------------------------


def headers(path: str, pattern: str) -> dict[str, int]:
    text = Path(path).read_text()
    return {name: int(number) for name, number in re.findall(pattern, text)}


@pytest.mark.parametrize(
    ("column", "path", "pattern"),
    [
        (0, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", r"#define __NR_(\w+) (\d+)"),
        (1, "/usr/include/asm-generic/unistd.h", r"#define __NR(?:3264)?_(\w+) (\d+)"),
    ],
)
def test_numbers_are_the_kernels(column: int, path: str, pattern: str) -> None:
    if not Path(path).exists():
        pytest.skip("no kernel headers here")
    known = headers(path, pattern)
    names = {"newfstatat": "fstatat"} if column else {}
    special = {
        name.lower(): getattr(syscalls, name) for name in ("OPENAT", "IOCTL", "FCNTL", "CLONE3")
    }
    for name, numbers in {**syscalls.ALLOWED, **special}.items():
        number, header = numbers[column], known.get(names.get(name, name))
        if header is not None and name != "getrlimit":
            assert number == header, name


def verdict(program: bytes, machine: int, number: int, *args: int) -> int:
    """Run a filter as the kernel does."""
    data = struct.pack("=iIQ6Q", number, machine, 0, *args, *[0] * (6 - len(args)))
    accumulator = at = 0
    while True:
        code, yes, no, operand = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        if code == seccomp.LOAD:
            accumulator = struct.unpack_from("=I", data, operand)[0]
        elif code == seccomp.RETURN:
            return int(operand)
        else:
            true = {
                seccomp.EQUAL: accumulator == operand,
                seccomp.AT_LEAST: accumulator >= operand,
                seccomp.ANY_OF: bool(accumulator & operand),
            }[code]
            at += yes if true else no


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_the_filter_allows_the_table_and_nothing_else(machine: str) -> None:
    column, word, _ = seccomp.MACHINES[machine]
    program = seccomp.program(machine, process=77)
    allowed = {numbers[column] for numbers in syscalls.ALLOWED.values()}
    some = {"OPEN": (0, os.O_RDONLY), "OPENAT": (0, 0, os.O_CLOEXEC), "IOCTL": (1, 0x5401),
            "FCNTL": (1, 3), "PRCTL": (15,), "PRLIMIT": (0, 7, 0), "CLONE": (0x3D0F00,),
            "TGKILL": (77,)}  # fmt: skip
    special = {getattr(syscalls, name)[column]: args for name, args in some.items()}
    for number in range(1000):
        passes = verdict(program, word, number, *special.get(number, ())) == seccomp.ALLOW
        assert passes == (number in allowed or number in special), number
        # another processor's numbers, and those of x32
        assert verdict(program, 0x40000003, number) != seccomp.ALLOW
        assert verdict(program, word, number + 2**30) != seccomp.ALLOW
    for name, args in {
        "OPENAT": (0, 0, os.O_RDWR), "OPEN": (0, os.O_CREAT), "IOCTL": (1, 0x5412), "FCNTL": (1, 8),
        "PRCTL": (22,), "PRLIMIT": (0, 7, 2**32), "CLONE": (0x11,), "TGKILL": (78,),
    }.items():  # fmt: skip
        number = getattr(syscalls, name)[column]
        if number is not None:
            assert verdict(program, word, number, *args) == seccomp.ERROR | 1, name


def test_rights_of_each_version() -> None:
    made = []

    class Library:
        def __init__(self, abi: int) -> None:
            self.abi = abi

        def syscall(self, number: ctypes.c_long, *args: object) -> int:
            if number.value == landlock.CREATE and args[0] is not None:
                made.append(struct.unpack(f"={len(args[0]) // 8}Q", args[0]))  # type: ignore[arg-type]
            if number.value == landlock.CREATE:
                return self.abi if args[0] is None else os.open(os.devnull, os.O_RDONLY)
            return 0

    for abi in (0, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9):
        found = landlock.restrict(Library(abi), ["/nowhere", os.devnull])  # type: ignore[arg-type]
        assert found == max(0, abi)
    bits = [tuple(number.bit_length() for number in rules) for rules in made]
    assert bits == [(13,), (14,), (15,), (15, 2), (16, 2), *[(16, 2, 2)] * 3, (17, 2, 2)]
