"""Run every benchmark and put its tables into README.md.

    python benchmarks/report.py [SCRIPT]...

Each runs with its defaults, one after the other, in the interpreter that runs this: install the package and
`benchmarks/requirements.txt` first. SCRIPT names some of them, such as `large`; the others' tables stay. A
machine that does nothing else meanwhile gives figures that mean something: half an hour, 8 GB of memory.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from measure import machine

FOLDER = Path(__file__).parent
SCRIPTS = ("startup", "large", "memory", "jacobian", "loops", "deep", "growth", "batch", "failing")


def tables(script: str) -> str:
    """What a benchmark prints, but for the machine's line and the JSON at the end."""
    words = [sys.executable, str(FOLDER / f"{script}.py")]
    printed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    lines = [
        line for line in printed.splitlines() if line != machine() and not line.startswith("{")
    ]
    text = "\n".join(lines).strip()
    return text if "|" in text else f"```\n{text}\n```"


def replaced(readme: str, section: str, text: str) -> str:
    """The page with what stands between a section's marks exchanged."""
    between = re.compile(rf"(<!-- {section} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not between.search(readme):
        raise SystemExit(f"README.md has no marks for {section!r}")
    return between.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help=", ".join(SCRIPTS))
    scripts = parser.parse_args().scripts or SCRIPTS
    page = FOLDER / "README.md"
    for script in scripts:
        print(f"{script} …", file=sys.stderr)
        page.write_text(replaced(page.read_text(), script, tables(script)))
    page.write_text(replaced(page.read_text(), "machine", machine()))


if __name__ == "__main__":
    main()
