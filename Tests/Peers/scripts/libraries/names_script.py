# SPDX-License-Identifier: Apache-2.0
import __main__
import inspect
import os
import pickle
import sys


class Kept:
    pass


print(__name__, __main__.__name__, __package__, __spec__, __doc__)
print(os.path.basename(__file__), sys.argv, sys.path[0] == os.path.dirname(__file__))
print(type(pickle.loads(pickle.dumps(Kept()))) is Kept, Kept.__module__)
print(inspect.getsource(Kept), end="")
print(
    sys.flags.isolated,
    sys.flags.dev_mode,
    sys.stdout.encoding,
    sys.stdout.line_buffering,
)
print(__builtins__.__name__, sorted(n for n in globals() if not n.startswith("__")))
