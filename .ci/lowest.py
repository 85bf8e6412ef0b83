"""Constraints for pip: the least version that pyproject.toml allows of everything it names."""

from __future__ import annotations

import re
import tomllib

with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)["project"]

named = {*project["dependencies"]}.union(*project["optional-dependencies"].values())
for requirement in sorted(named):
    found = re.match(r"([\w.-]+)>=([\w.]+)", requirement)
    if found is None:
        raise SystemExit(f"pyproject.toml gives no least version of '{requirement}'")
    print(f"{found[1]}=={found[2]}")
