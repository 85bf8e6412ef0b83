# What .ci/run and .ci/matrix share; sourced by both. Everything happens in the checkout, with environments of its
# own in a temporary folder: PYTHON=python3.12 .ci/run takes another interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What depends on digits, and so on the kernels of a processor.
digits=(tests/execute tests/ops tests/transform tests/tensors tests/rows tests/test_programs.py
  tests/test_notebooks.py tests/test_reference.py)

step() { printf '\n== %s\n' "$*"; }

# environment NAME INTERPRETER [PIP'S WORDS…]: $work/NAME, with this package and what its tests need.
environment() {
  "$2" -m venv "$work/$1" && "$work/$1/bin/pip" install --quiet "${@:3}" '.[test]'
}

# processor ENVIRONMENT WHAT: a list of what the processor and that numpy let one choose.
processor() { "$work/$1/bin/python" .ci/processor.py "$2"; }
