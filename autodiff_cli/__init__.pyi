from autodiff_cli.cli.magic import load_ipython_extension as load_ipython_extension
from autodiff_cli.evaluation import evaluate as evaluate
from autodiff_cli.evaluation.result import Result as Result
from autodiff_cli.evaluation.running import run as run
from autodiff_cli.rows.columns import batch as batch

__version__: str
__all__ = ["Result", "batch", "evaluate", "run"]
