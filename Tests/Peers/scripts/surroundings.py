# SPDX-License-Identifier: Apache-2.0
"""What a script may find around it: files of its own, descriptors, encodings, tools."""

__all__ = ["ENCODED", "FULL", "STREAMS"]

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
