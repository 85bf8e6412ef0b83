# Filters of warnings, and warnings that are caught.
import warnings

import torch


class Mine(UserWarning):
    pass


with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    warnings.warn("first", DeprecationWarning)
    warnings.warn("second", Mine)
    warnings.warn(RuntimeWarning("third"))
    torch.ones(3).T
    print([(one.category.__name__, str(one.message)[:20]) for one in told])
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        warnings.warn("as an error", Mine)
    except Mine as error:
        print(repr(error))
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="some")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.warn("something")
    warnings.warn("deprecated", DeprecationWarning)
    warnings.warn("else")
catch = warnings.catch_warnings(record=True)
told = catch.__enter__()
warnings.warn("held")
catch.__exit__(None, None, None)
print(len(told))
warnings.filterwarnings("ignore")
warnings.warn("gone")
warnings.resetwarnings()
warnings.warn("back")
