# SPDX-License-Identifier: Apache-2.0
"""What a script has not closed as it ends, each as a source."""

__all__ = ["SOURCES"]

_IMPORTS = """\
import atexit, bz2, contextlib, csv, gzip, io, lzma, os, signal, sys, tempfile, time
import threading, zipfile
from pathlib import Path
"""

_OPENED = {
    "a text": "open('kept', 'w')",
    "bytes": "open('kept', 'wb')",
    "bytes to read, too": "open('kept', 'w+b')",
    "a text in gzip": "io.TextIOWrapper(gzip.GzipFile('kept', 'wb', mtime=0))",
    "gzip": "gzip.GzipFile('kept', 'wb', mtime=0)",
    "gzip in gzip": (
        "gzip.GzipFile("
        "fileobj=gzip.GzipFile('kept', 'wb', mtime=0), mode='wb', mtime=0)"
    ),
    "bzip2": "bz2.open('kept', 'wt')",
    "xz": "lzma.open('kept', 'wt')",
    "a text on bytes": "io.TextIOWrapper(io.BufferedWriter(io.FileIO('kept', 'w')))",
    "a member of a zip file": "zipfile.ZipFile('kept', 'w').open(INFO, 'w')",
    "a temporary file": "tempfile.NamedTemporaryFile('w', dir='.')",
}

# Where `file` is as the script ends; WRITE writes to it, END ends the script.
_HELD = {
    "a name": "file = OPEN\nWRITE\nEND",
    "a name with its method": "write = (file := OPEN).write\nWRITE\ndel file\nEND",
    "a class": "class Holds:\n    file = OPEN\nfile = Holds.file\nWRITE\ndel file\nEND",
    "a cycle": "held = [OPEN]\nheld += [held]\nfile, = held[:1]\nWRITE\ndel file\nEND",
    "sys": "file = sys.own = OPEN\nWRITE\ndel file\nEND",
    "a function": """
def leave():
    file = OPEN
    WRITE
    END
leave()
""",
    "a generator": """
def generate():
    file = OPEN
    try:
        yield WRITE
    finally:
        print("the generator ends", Path)
generator = generate()
next(generator)
END
""",
    "a module": """
Path("part.py").write_text('''IMPORTS
INFO = zipfile.ZipInfo("member")
file = OPEN
WRITE
class Last:
    def __del__(self):
        print("gone from a module", file is None)
last = Last()
''')
import part
END
""",
    "a context": """
@contextlib.contextmanager
def context():
    with OPEN as file:
        yield WRITE
context = context()
context.__enter__()
END
""",
    # As that of a progress bar, which is there until the process ends.
    "a script with a thread": """
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
file = OPEN
WRITE
END
""",
}

_ENDS = {
    "at its end": "pass",
    "by sys.exit": "sys.exit(3)",
    "by an error": "raise ValueError('the end')",
    "by an interrupt": "raise KeyboardInterrupt",
    "by an error in an error": "try: {}['a']\n    finally: raise ValueError",
    "by a group of errors": """try: 1 / 0
    except Exception as error: raise ExceptionGroup("g", [error])""",
}

_OTHERS = {
    "finalisers in order": """
class Last:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        print(self.name, words, Last)
words = "words"
first, _private = Last("first"), Last("private")
second = Last("second")
first.me = first
""",
    "a finaliser that leaves": """
class Last:
    # Not in the file, whose lines python no longer shows as it ends.
    exec("def __del__(self): sys.exit(4)")
last = Last()
file = open("kept", "w")
file.write("kept")
""",
    "a finaliser that fails": """
class Last:
    # Not in the file, whose lines python no longer shows as it ends.
    exec("def __del__(self): 1 / 0")
last = Last()
file = open("kept", "w")
file.write("kept")
""",
    "a file that an exit function writes": """
file = open("kept", "w")
atexit.register(file.write, "at exit")
""",
    "an exit function that sees the error": """
@atexit.register
def look():
    print(sys.last_type, sys.last_value)
raise ValueError("seen")
""",
    "a full disk": """
file = open("/dev/full", "w")
file.write("lost")
""",
    "a file that is closed below": """
file = open("kept", "w")
file.write("lost")
file.buffer.raw.close()
""",
    "standard output": """
sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="latin-1")
print("kept", chr(0xe4) == "a")
""",
    "a finaliser beside a thread": """
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
class Last:
    def __del__(self):
        print("gone", words)
last, words = Last(), "words"
""",
    "a thread that goes on with its module": """
Path("part.py").write_text('''import time
count = 0
def work():
    global count
    while True:
        count += 1
        time.sleep(0)
''')
import part
threading.Thread(target=part.work, daemon=True).start()
file = open("kept", "w")
file.write("kept")
""",
    "a weak finaliser": """
import weakref
class Held:
    pass
held = Held()
weakref.finalize(held, print, "finalised")
""",
    "temporary folders": """
folder = tempfile.TemporaryDirectory(dir=".")
import warnings
warnings.simplefilter("ignore")
Path(folder.name, "file").write_text("")
""",
}


def _source(held: str, opened: str, end: str) -> str:
    content = "'kept'" if "t'" in opened or "w')" in opened else "b'kept'"
    if "Text" in opened or "Temporary" in opened:
        content = "'kept'"
    if "ZipFile" in opened:
        content = "b'kept'"
    source = 'INFO = zipfile.ZipInfo("member")\n' + held
    source = source.replace("WRITE", f"file.write({content})").replace("OPEN", opened)
    source = source.replace("IMPORTS", _IMPORTS)
    lines = []
    for line in source.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if line.lstrip() == "END":
            line = indent + end.replace("\n    ", f"\n{indent}")
        lines.append(line)
    return _IMPORTS + "\n".join(lines) + "\n"


SOURCES = {
    **{
        f"a text in {place}, left {way}": _source(held, _OPENED["a text"], end)
        for place, held in _HELD.items()
        for way, end in _ENDS.items()
    },
    **{
        f"{kind} in {place}, left by an error": _source(
            _HELD[place], opened, _ENDS["by an error"]
        )
        for kind, opened in _OPENED.items()
        for place in ("a name", "a function", "a module")
    },
    **{name: _IMPORTS + source for name, source in _OTHERS.items()},
}
