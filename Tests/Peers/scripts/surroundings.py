# SPDX-License-Identifier: Apache-2.0
"""What a script may find around it: files of its own, descriptors, encodings, tools."""

__all__ = ["ENCODED", "FULL", "MODULES", "PROFILED", "STREAMS", "TRACED", "USES"]

# Modules of the standard library that the script's folder has, too. python imports none
# of them before the script; the host may.
MODULES = (
    *("asyncio", "collections", "enum", "inspect", "logging", "operator", "re"),
    *("socket", "ssl", "token", "traceback", "types"),
)

USES = {
    "imported": "import NAME\nprint(NAME.__file__)",
    "imported before an error": "import NAME\n1 / 0",
    "not imported before an error": "def f():\n    1 / 0\nf()",
    "not imported, but what is missing": "import no_such_module_at_all",
    "imported by asyncio": "import asyncio\nprint(asyncio.__file__)",
}

STREAMS = """
import os, sys
print(sys.stdin, sys.stdout, sys.stderr)
print("to standard error", file=sys.stderr)
with open("found", "w") as file:
    for name in ("stdin", "stdout", "stderr"):
        print(getattr(sys, name), getattr(sys, f"__{name}__"), file=file)
    try:
        print(input(), file=file)
    except (EOFError, RuntimeError) as error:
        print(error, file=file)
    print(os.system("echo child; echo child >&2"), file=file, flush=True)
    1 / 0
"""

FULL = {
    "a line": "print('lost')",
    "a line at once": "print('lost', flush=True)",
    "more than a buffer holds": "print('lost' * 10000)",
    "a line before an error": "print('lost')\n1 / 0",
    "a line before a status": "import sys\nprint('lost')\nsys.exit(3)",
}

ENCODED = {
    "Latin-1": b"# coding: latin-1\nprint(ascii('\xe9'))\nraise ValueError('\xe9')",
    "Latin-1 that does not compile": b"# coding: latin-1\nprint('\xe9' 1)",
    "Latin-1 without a word": b"x = 1\nprint('\xe9')",
    "Latin-1 in a comment": b"x = 1\n# \xe9\nprint(x)",
    "Latin-1 said to be UTF-8": b"# coding: utf-8\nx = 1\nprint('\xe9')",
    "an encoding that there is not": b"# coding: foo-8\nprint('never')",
    "an encoding that is too small": "# coding: ascii\nprint('é')".encode(),
    "an encoding of other bytes": b"# coding: cp1252\nprint('\x81')",
    "an encoding of no text": b"# coding: rot13\nprint('never')",
    "a mark before another encoding": b"\xef\xbb\xbf# coding: latin-1\nprint('never')",
    "a mark": b"\xef\xbb\xbfprint('mark')\r\nraise ValueError",
    "an indentation": b"if 1:\nprint('\xc3\xa9')",
}

# From Python 3.12 on, cProfile uses `sys.monitoring` and sees the host's part, too.
PROFILED = """
import cProfile, os, pstats, sys
def own():
    return 1
profile = cProfile.Profile()
profile.enable()
import http.client
own()
profile.disable()
seen = pstats.Stats(profile).stats
print(sum(name == "own" for _, _, name in seen))
if sys.version_info < (3, 12):
    print(sorted({file for file, _, _ in seen if "/lib/python" not in file})[:3])
cProfile.run("import urllib.request; own()", "figures")
print(any(name == "own" for _, _, name in pstats.Stats("figures").stats))
os.remove("figures")
"""

# Tools that count lines leave out what is in no file.
TRACED = """
import asyncio, atexit, http.client, sys, threading
seen = set()
def see(frame, event, argument):
    seen.add(frame.f_code.co_filename)
@atexit.register
def show():
    KIND(None)
    for file in sorted(seen):
        if "/lib/python" not in file and not file.startswith("<"):
            print(file)
KIND(see)
import ssl, urllib.request, logging
try:
    import no_such_module_at_all
except ImportError:
    pass
async def main():
    await asyncio.sleep(0)
asyncio.run(main())
thread = threading.Thread(target=print)
thread.start()
thread.join()
"""
