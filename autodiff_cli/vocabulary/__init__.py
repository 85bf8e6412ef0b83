"""The names a user may call, with torch's signatures, defaults and error messages; rooms are torch's modules.

A module is imported when one of the names that it declares is looked up (`autodiff_cli/index.py`).
"""

from autodiff_cli import index

if not index.shipped():  # a checkout whose vocabulary has changed since
    index.import_all()
