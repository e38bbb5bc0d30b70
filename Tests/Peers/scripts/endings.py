# SPDX-License-Identifier: Apache-2.0
"""The ways in which a script ends, each as a source."""

__all__ = ["SOURCES"]

_IMPORTS = """\
import asyncio, atexit, contextlib, os, signal, sys, threading, time, warnings
"""

_EACH = ("", "0", "256", "-1", "True", "2.5", "'two\\nlines'", "('a', 1)", "b'bytes'")
_FEW = ("None", "3", "2**31", "-2**70", "'words'")

# Where `sys.exit` is called; the status takes the place of STATUS.
_PLACES = {
    "a function": """
def f():
    try:
        sys.exit(STATUS)
    finally:
        print("finally")
f()
""",
    "asyncio.run": """
async def main():
    sys.exit(STATUS)
asyncio.run(main())
""",
    "a task": """
async def leave():
    sys.exit(STATUS)
async def main():
    task = asyncio.create_task(leave())
    await asyncio.sleep(5)
    print("never")
try:
    asyncio.run(main())
finally:
    # Before 3.12, only what handles an exception adds its own frame to those shown.
    print("finally")
""",
    "a callback": """
async def main():
    asyncio.get_running_loop().call_soon(sys.exit, STATUS)
    await asyncio.sleep(5)
    print("never")
asyncio.run(main())
""",
    "a thread": """
t = threading.Thread(target=sys.exit, args=(STATUS,))
t.start()
t.join()
print("after the thread")
""",
    "an exit function": """
@atexit.register
def leave():
    sys.exit(STATUS)
print("end")
""",
    "a script with an exit function": """
atexit.register(print, "at exit")
sys.exit(STATUS)
""",
    "sys.excepthook": """
sys.excepthook = lambda *error: sys.exit(STATUS)
1 / 0
""",
    "a finaliser": """
class Leaves:
    def __del__(self):
        sys.exit(STATUS)
Leaves()
print("after")
""",
    "a handler of a signal": """
signal.signal(signal.SIGUSR1, lambda *signal: sys.exit(STATUS))
os.kill(os.getpid(), signal.SIGUSR1)
time.sleep(5)
print("never")
""",
    "a generator": """
def g():
    yield 1
    sys.exit(STATUS)
print(list(g()))
""",
    "a with block": """
with contextlib.ExitStack() as stack:
    stack.callback(print, "left")
    sys.exit(STATUS)
""",
}

_OTHERS = {
    "raise of the class": "raise SystemExit",
    "several arguments": "raise SystemExit(1, 2)",
    "a code that is set": """
try:
    sys.exit(1)
except SystemExit as leaving:
    leaving.code = 5
    raise
""",
    "quit": "quit(4)",
    "exit": "exit()",
    "os._exit": "print('lost', end='')\nos._exit(6)",
    "os.abort": "os.abort()",
    "an error": """
def f(x):
    return 1 / x
print("before")
f(0)
""",
    "an error with its cause": """
try:
    {}["a"]
except KeyError as missing:
    raise ValueError("b") from missing
""",
    "an error with its context": """
try:
    {}["a"]
except KeyError:
    raise ValueError("b")
""",
    "an error with a note": """
error = ValueError("b")
error.add_note("a note")
raise error
""",
    "a group of errors": "raise ExceptionGroup('g', [ValueError(1), TypeError('t')])",
    "an error in asyncio.run": """
async def main():
    await asyncio.sleep(0)
    raise LookupError("x")
asyncio.run(main())
""",
    "an error without Exception": """
class Odd(BaseException):
    pass
raise Odd("odd")
""",
    "an error without a text": """
class Odd(Exception):
    def __str__(self):
        raise ValueError
raise Odd
""",
    "a name that is nearly right": "counter = 1\nprint(countr)",
    "an attribute that is nearly right": "os.pth",
    "no hook": "del sys.excepthook\n1 / 0",
    "a hook that fails": "sys.excepthook = lambda *error: {}['a']\n1 / 0",
    "an error of an import": """
with open("part.py", "w") as file:
    file.write("def f():\\n    1 / 0\\nf()")
sys.path_importer_cache.clear()
import part
""",
    "standard error of its own": """
import io
sys.stderr = errors = io.StringIO()
atexit.register(lambda: print(ascii(errors.getvalue())))
raise ValueError("\x1b[31m")
""",
    "a library that asks whether it is in a page": """
os.mkdir("site-packages")
with open("site-packages/library.py", "w") as file:
    file.write("try:\\n    import js\\nexcept ImportError as error:\\n    print(error)")
sys.path.append("site-packages")
import library
""",
    "a recursion": """
def f():
    f()
try:
    f()
except RecursionError as error:
    print(error)
""",
    "a source that does not compile": "print('never'\nx = 1",
    "a module that is missing": "import no_such_module_at_all",
    "an assertion": "assert 1 == 2, 'math'",
    "warnings": """
warnings.warn("careful")
warnings.warn("old", DeprecationWarning)
""",
    "a warning about the caller": """
import logging
warnings.warn("of the caller", stacklevel=2)
print(sys._getframe().f_back)
logging.error("with its stack", stack_info=True)
""",
    "an error in an exit function": """
atexit.register(lambda: 1 / 0)
atexit.register(print, "other")
""",
    "an error in a finaliser": """
class Fails:
    def __del__(self):
        1 / 0
Fails()
print("after")
""",
    "finalisers at the end": """
class Last:
    def __del__(self):
        print("gone")
one, other = Last(), Last()
other.me = other
print("end")
""",
    "an error that no task gave": """
async def fail():
    raise ValueError("lost")
async def main():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task
task = asyncio.run(main())
""",
    "an error of a task in a cycle": """
async def fail():
    me = asyncio.current_task()
    raise ValueError("lost")
async def main():
    asyncio.create_task(fail())
    await asyncio.sleep(0.01)
asyncio.run(main())
""",
    "an interrupt": "raise KeyboardInterrupt",
    "an interrupt with words": "raise KeyboardInterrupt('words')",
    "an interrupt in a function": """
def f():
    try:
        raise KeyboardInterrupt
    finally:
        print("finally")
f()
""",
    "an interrupt by a signal": """
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
except KeyboardInterrupt:
    raise KeyboardInterrupt("which may come in either line") from None
""",
    "an interrupt of a thread": """
try:
    t = threading.Thread(target=signal.raise_signal, args=(signal.SIGINT,))
    t.start()
    t.join()
    time.sleep(5)
except KeyboardInterrupt:
    print("interrupted")
""",
    "an interrupt that is caught": """
try:
    raise KeyboardInterrupt
except KeyboardInterrupt:
    print("caught")
    sys.exit(8)
""",
    "an interrupt in an exit function": """
@atexit.register
def f():
    raise KeyboardInterrupt
""",
    "a closed output": "print('lost')\nsys.stdout.close()",
    "no output": "sys.stdout = None\nprint('lost')\nsys.exit(2)",
    "output without an end": "print('kept', end='')\nsys.stderr.write('too')",
    # CPython 3.12 and later warn about it if there are threads, as in Swift programs.
    "a fork": """
import warnings

warnings.filterwarnings("ignore", "This process", DeprecationWarning)
child = os.fork()
if child == 0:
    sys.exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""",
    "an asynchronous generator": """
async def g():
    try:
        yield 1
    finally:
        print("closed")
async def main():
    async for x in g():
        print(x)
        break
asyncio.run(main())
""",
    "a thread that goes on": """
def f():
    time.sleep(0.1)
    print("thread")
threading.Thread(target=f).start()
atexit.register(print, "at exit")
sys.exit(5)
""",
    "a thread that waits for the main one": """
def f():
    threading.main_thread().join()
    print(threading.main_thread().is_alive())
    1 / 0
threading.Thread(target=f).start()
""",
    "a loop of its own": """
async def f():
    return 3
loop = asyncio.new_event_loop()
print(loop.run_until_complete(f()))
loop.call_later(0.01, loop.stop)
loop.run_forever()
loop.close()
""",
    "a loop of before asyncio.run": """
warnings.simplefilter("ignore")
async def beat():
    while True:
        await asyncio.sleep(0.01)
async def main():
    asyncio.ensure_future(beat())
    await asyncio.sleep(0.03)
loop = asyncio.get_event_loop()
loop.run_until_complete(main())
task, = asyncio.all_tasks(loop)
task._log_destroy_pending = False
print("the end")
""",
    "a loop that is stopped": """
warnings.simplefilter("ignore")
loop = asyncio.get_event_loop()
loop.call_later(0.03, loop.stop)
loop.call_later(60, print, "never")
loop.run_forever()
print("stopped")
""",
    "an interrupt of asyncio.run": """
async def main():
    try:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(5)
    except asyncio.CancelledError:
        print("saved")
asyncio.run(main())
print("the end")
""",
    "signals that it sends itself": """
came = []
signal.signal(signal.SIGUSR1, lambda *_: came.append(1))
for _ in range(500): os.kill(os.getpid(), signal.SIGUSR1)
print(len(came), threading.get_native_id() == os.getpid())
os.kill(os.getpid(), signal.SIGTERM)
print("never")
""",
    "an interrupt with a child": """
import subprocess
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
# As by a terminal, to all of the group.
subprocess.run([sys.executable, "-c", "import os; os.kill(0, 2)"])
""",
    "a task group": """
async def bad():
    raise ValueError("bad")
async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(bad())
        group.create_task(asyncio.sleep(5))
asyncio.run(main())
""",
    "a runner": "with asyncio.Runner() as r:\n    print(r.run(asyncio.sleep(0, 4)))",
}

SOURCES = {
    **{
        f"sys.exit({status}) in a module": f"{_IMPORTS}sys.exit({status})"
        for status in _EACH + _FEW
    },
    **{
        f"sys.exit({status}) in {place}": _IMPORTS + source.replace("STATUS", status)
        for place, source in _PLACES.items()
        for status in _FEW
    },
    **{name: _IMPORTS + source for name, source in _OTHERS.items()},
}
