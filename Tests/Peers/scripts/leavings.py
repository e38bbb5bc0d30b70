# SPDX-License-Identifier: Apache-2.0
"""What a script has not closed as it ends, each as a source."""

__all__ = ["SOURCES"]

_IMPORTS = """\
import atexit, bz2, contextlib, csv, gzip, io, lzma, os, signal, sys, tempfile, time
import threading, zipfile
from pathlib import Path
"""

# With what is written.
_OPENED = {
    "a text": ("open('kept', 'w')", "'kept'"),
    "bytes": ("open('kept', 'wb')", "b'kept'"),
    "bytes to read, too": ("open('kept', 'w+b')", "b'kept'"),
    "a text in gzip": (
        "io.TextIOWrapper(gzip.GzipFile('kept', 'wb', mtime=0))",
        "'kept'",
    ),
    "gzip": ("gzip.GzipFile('kept', 'wb', mtime=0)", "b'kept'"),
    "gzip in gzip": (
        "gzip.GzipFile("
        "fileobj=gzip.GzipFile('kept', 'wb', mtime=0), mode='wb', mtime=0)",
        "b'kept'",
    ),
    "bzip2": ("bz2.open('kept', 'wt')", "'kept'"),
    "xz": ("lzma.open('kept', 'wt')", "'kept'"),
    "a text on bytes": (
        "io.TextIOWrapper(io.BufferedWriter(io.FileIO('kept', 'w')))",
        "'kept'",
    ),
    "a member of a zip file": (
        "zipfile.ZipFile('kept', 'w').open(INFO, 'w')",
        "b'kept'",
    ),
    "a temporary file": ("tempfile.NamedTemporaryFile('w', dir='.')", "'kept'"),
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
    except Exception as error: one = error
    raise ExceptionGroup("g", [one])""",
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
    # The thread may end amid the writing of helper's bytecode.
    "a thread that goes on with its module": """
sys.dont_write_bytecode = True
Path("part.py").write_text('''import time
count = 0
def work():
    global count
    while True:
        try:
            count += 1
            import helper
            time.sleep(0)
        except BaseException as error:
            print(error, flush=True)
''')
Path("helper.py").write_text("")
import part
threading.Thread(target=part.work, daemon=True).start()
file = open("kept", "w")
file.write("kept")
""",
    "an error that is frozen": """
import dataclasses
@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    why: str
file = open("kept", "w")
file.write("kept")
raise Frozen("why")
""",
    "odd names": """
globals()[1] = 2
sys.modules[2] = 3
sys.last_value = "none"
file = open("kept", "w")
file.write("kept")
""",
    "no modules": """
class Last:
    def __del__(self):
        print("gone", words)
last, words = Last(), "words"
atexit.register(print, "the end")
sys.modules.clear()
""",
    "modules of a class of their own": """
class Library:
    __class__ = property(lambda self: type(sys))
class Last:
    def __del__(self):
        print("gone")
sys.modules["library"] = Library()
last = Last()
""",
    "an output without a state": """
class Tee:
    def __init__(self, *streams):
        self.streams = streams
    def write(self, text):
        for stream in self.streams: stream.write(text)
    def flush(self):
        for stream in self.streams: stream.flush()
sys.stdout = Tee(sys.stdout, open("kept", "w"))
print("kept")
""",
    "threads of threads": """
def count(left):
    print(left, flush=True)
    if left: threading.Timer(0.01, count, [left - 1]).start()
count(5)
""",
    "a closed loop": """
import asyncio, warnings
warnings.simplefilter("ignore")
loop = asyncio.get_event_loop_policy().get_event_loop()
loop.run_until_complete(asyncio.sleep(0))
print(loop.is_closed())
loop.close()
print(loop.is_closed())
try:
    loop.run_forever()
except RuntimeError as exc:
    print(exc)
asyncio.run(asyncio.sleep(0))
atexit.register(loop.close)
""",
    "a loop in a thread": """
import asyncio, warnings
warnings.simplefilter("ignore")
loop = asyncio.get_event_loop_policy().get_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
print(asyncio.run_coroutine_threadsafe(asyncio.sleep(0, 5), loop).result())
sys.exit(3)
""",
    "a loop in a thread that ends": """
import asyncio, warnings
warnings.simplefilter("ignore")
loop = asyncio.get_event_loop_policy().get_event_loop()
threading.Thread(target=loop.run_forever).start()
threading.Timer(0.1, loop.call_soon_threadsafe, [loop.stop]).start()
print("main")
""",
    "a stream that leaves": """
class Leaves(io.RawIOBase):
    def close(self):
        raise SystemExit(5)
sys.own = Leaves(), open("kept", "w")
sys.own[1].write("kept")
""",
    "a standard output of its own": """
class Last:
    def __del__(self):
        print("gone")
last = Last()
sys.stdout = open("kept", "w")
print("kept")
""",
    "a module with a name of the library": """
for name in "calendar", "_private":
    Path(f"{name}.py").write_text('''
class Last:
    def __del__(self):
        print('gone')
last = Last()
''')
import calendar, _private
""",
    "a module that it has made": """
class Last:
    def __del__(self): print("last")
sys.modules["made"] = type(sys)("made")
sys.modules["made"].last = Last()
""",
    "a module that it has made, and none of its own": """
class Last:
    def __del__(self): print("last")
sys.modules["made"] = type(sys)("made")
sys.modules["made"].last = Last()
del sys.modules["__main__"]
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


def _source(held: str, opened: tuple[str, str], end: str) -> str:
    source = 'INFO = zipfile.ZipInfo("member")\n' + held
    source = source.replace("WRITE", f"file.write({opened[1]})")
    source = source.replace("OPEN", opened[0]).replace("IMPORTS", _IMPORTS)
    lines = []
    for line in source.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if line.lstrip() == "END":
            line = indent + end.replace("\n    ", f"\n{indent}")
        lines.append(line)
    return _IMPORTS + "\n".join(lines) + "\n"


# What the standard library still has of a script: its functions, and so its names.
_KEPT_ALIVE = {
    "an exit function": "atexit.register(use)",
    "a handler of a signal": "signal.signal(signal.SIGTERM, use)",
    "a type": "import typing\ndef f(a: typing.Optional[Last]): pass",
    "a reducer": "import copyreg\ncopyreg.pickle(Last, use)",
    "an adapter": "import sqlite3\nsqlite3.register_adapter(Last, use)",
    "multiprocessing": "import multiprocessing",
}

SOURCES = {
    **{
        f"a finaliser that {what}": f"""{_IMPORTS}
class Last:
    # Not in the file, whose lines python no longer shows as it ends.
    exec("def __del__(self): {statement}")
last = Last()
file = open("kept", "w")
file.write("kept")
"""
        for what, statement in (("leaves", "sys.exit(4)"), ("fails", "1 / 0"))
    },
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
    **{
        f"{what} that has a function of the script": f"""{_IMPORTS}
class Last:
    def __del__(self):
        print("gone", file is None)
def use(*_):
    pass
{source}
last = Last()
file = zipfile.ZipFile("kept", "w")
file.writestr(zipfile.ZipInfo("member"), "kept")
"""
        for what, source in _KEPT_ALIVE.items()
    },
    **{name: _IMPORTS + source for name, source in _OTHERS.items()},
}

# With what is in the file, which python itself loses.
LOST = {
    kind: f"""{_IMPORTS}
sys.own = {opened}
sys.own.write({content})
"""
    for kind, (opened, content) in _OPENED.items()
    if "INFO" not in opened
}
