// The part of the bridge that is simpler in Python than through the C API.
// SPDX-License-Identifier: Apache-2.0

/// The source of the module `_amaru_runtime`.
///
/// In the library and not in a file beside it, so that the library needs no resources. Its frames
/// have the file name `<amaru>`, by which tracebacks leave them out.
let runtimeSource = #"""
    import ast, asyncio, collections, functools, gc, importlib, inspect, linecache, os
    import signal, sys
    import threading, time, traceback, types, weakref

    _HIDDEN = "<amaru>"
    _FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


    class SwiftError(RuntimeError):
        """An error that Swift code threw; it turns into the same value again in Swift."""


    # Exceptions

    def _clean(text):
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


    def _without_own_frames(report, seen):
        if report is None or id(report) in seen:
            return
        seen.add(id(report))
        report.stack[:] = [f for f in report.stack if f.filename != _HIDDEN]
        _without_own_frames(report.__cause__, seen)
        _without_own_frames(report.__context__, seen)
        for member in getattr(report, "exceptions", None) or ():
            _without_own_frames(member, seen)


    def format_exception(exc):
        report = traceback.TracebackException(type(exc), exc, exc.__traceback__, compact=True)
        _without_own_frames(report, set())
        return _clean("".join(report.format()))


    # Sources

    def _remember(source, filename):
        # So that tracebacks show the lines of a source that is no file.
        if filename.startswith("<"):
            linecache.cache[filename] = (
                len(source), None, source.splitlines(keepends=True), filename)


    def compile_source(source, filename):
        """The code of a source and, apart, that of its last expression."""
        _remember(source, filename)
        tree = compile(source, filename, "exec", ast.PyCF_ONLY_AST | _FLAGS, True)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)
        codes = [compile(tree, filename, "exec", _FLAGS, True)]
        if last is not None:
            codes.append(compile(last, filename, "eval", _FLAGS, True))
        return codes


    def compile_script(source, filename):
        """The code of a whole file, in the encoding that it declares."""
        return [compile(source, filename, "exec", _FLAGS, True)]


    def is_asynchronous(codes):
        return any(code.co_flags & inspect.CO_COROUTINE for code in codes)


    def run_sync(codes, namespace):
        result = None
        for code in codes:
            result = eval(code, namespace)
        return result


    async def run_async(codes, namespace):
        result = None
        for code in codes:
            result = eval(code, namespace)
            if code.co_flags & inspect.CO_COROUTINE:
                result = await result
        return result


    def main_namespace():
        return sys.modules["__main__"].__dict__


    def new_namespace():
        return {"__name__": "__main__", "__builtins__": __builtins__}


    # The event loop

    class _State:
        loop = None
        unhandled = None
        claim = None
        prints = True
        takes_exits = False


    def prepare(loop, descriptor, drain, claim, unhandled, prints, takes_exits, forked, handled):
        asyncio.set_event_loop(loop)
        loop.add_reader(descriptor, drain)
        loop.set_exception_handler(_handle)
        loop.set_task_factory(_make_task)
        _State.loop, _State.unhandled, _State.prints = loop, unhandled, prints
        _State.claim, _State.takes_exits = claim, takes_exits
        signal.signal(signal.SIGINT, _interrupt)
        os.register_at_fork(after_in_child=forked)
        _bring_signals_home(handled)
        return loop


    def _bring_signals_home(handled):
        """Tells the host of each handler, since a signal may come to any of its threads."""
        plain = signal.signal

        @functools.wraps(plain)
        def install(signalnum, handler):
            former = plain(signalnum, handler)
            handled(int(signalnum))
            return former

        signal.signal = install


    def _interrupt(number, frame):
        kind = _State.claim()
        if kind == 1 or kind == 2 and not _is_idle(frame):
            raise KeyboardInterrupt


    def _is_idle(frame):
        """Whether the loop itself was interrupted, between the steps of its tasks."""
        name = frame.f_globals.get("__name__") if frame is not None else None
        # asyncio.events: a handle whose callback has not begun would be lost.
        return name in (
            None, "selectors", "asyncio.base_events", "asyncio.events", "_amaru_runtime")


    def _handle(loop, context):
        exc = context.get("exception")
        if exc is not None and not isinstance(exc, asyncio.CancelledError):
            _State.unhandled(exc)
        if _State.prints:
            message = context.get("message") or "Unhandled exception in event loop"
            text = format_exception(exc) if exc is not None else ""
            print(message, text, sep="\n" if text else "", end="" if text else "\n",
                  file=sys.stderr, flush=True)


    def _make_task(loop, coro, **options):
        task = asyncio.Task(coro, loop=loop, **options)
        task.add_done_callback(_task_done)
        return task


    def _name(task):
        name = task.get_name()
        # What 3.13.0 calls each nameless task of a factory.
        if name == "None":
            name = getattr(task.get_coro(), "__qualname__", name)
        return name


    def _task_done(task):
        # Set as long as nobody has asked for the exception; cleared by whoever awaits the task.
        if not task.cancelled() and task._log_traceback:
            if _State.takes_exits and isinstance(task._exception, SystemExit):
                task._log_traceback = False
                return
            # Two turns: who waits for it through a queue wakes in the turn after this one.
            loop = task.get_loop()
            loop.call_soon(loop.call_soon, _report_unretrieved, weakref.ref(task), task)


    def _report_unretrieved(reference, task=None):
        task = task or reference()
        if task is None or not task._log_traceback:
            return
        loop = task.get_loop()
        if _may_be_awaited(task):
            loop.call_later(0.25, _report_unretrieved, reference)
            return
        task._log_traceback = False
        loop.call_exception_handler({
            "message": f"Task {_name(task)} ended with an exception that nobody awaits",
            "exception": task._exception,
            "task": task,
        })


    _SUSPENDED = (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType)
    _CONTAINERS = (
        list, tuple, set, dict, collections.deque, types.CellType, types.FunctionType)


    def _may_be_awaited(task):
        """Whether a suspended coroutine holds the task, itself or in a collection."""
        holders, seen = [task], set()
        for _ in range(8):
            found = []
            for holder in gc.get_referrers(*holders):
                if isinstance(holder, _SUSPENDED):
                    return True
                # Such as that of gather, which asks when all have ended.
                if isinstance(holder, asyncio.Future) and not holder.done():
                    return True
                if holder is holders or holder is found or id(holder) in seen:
                    continue
                # Global variables say nothing: whoever reads them need not be suspended.
                if type(holder) is dict and "__builtins__" in holder:
                    continue
                kind = type(holder)
                # The objects of asyncio itself are those of as_completed, and queues.
                if kind in _CONTAINERS or kind.__module__.startswith("asyncio."):
                    seen.add(id(holder))
                    found.append(holder)
            if not found:
                return False
            holders = found
        return False


    def ensure_future(awaitable):
        return asyncio.ensure_future(awaitable, loop=_State.loop)


    def create_task(coro, context=None):
        return _State.loop.create_task(coro, context=context)


    def running_loop():
        return asyncio._get_running_loop()


    def current_loop():
        return asyncio._get_running_loop() or _State.loop


    def leave_loop():
        """Lets no loop be the running one; says which one was."""
        loop = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        return loop


    def enter_loop(loop):
        asyncio._set_running_loop(loop)
        if loop is not None:
            # `asyncio.run` leaves the policy without a loop, for good.
            asyncio.set_event_loop(loop)


    def post(loop, callback):
        """Runs a callback on a loop of any thread; false where that loop has ended."""
        try:
            loop.call_soon_threadsafe(callback)
        except RuntimeError:
            return False
        return True


    def watch(loop, descriptor, callback):
        """Calls back whenever the descriptor is readable; false where the loop cannot."""
        try:
            loop.add_reader(descriptor, callback)
        except NotImplementedError:
            return False
        return True


    def fail(future, exception):
        if future.done():
            return
        if isinstance(exception, asyncio.CancelledError):
            future.cancel()
        elif isinstance(exception, StopIteration):
            # A future cannot hold it: https://docs.python.org/3/library/asyncio-future.html
            error = RuntimeError("Swift code raised StopIteration")
            error.__cause__ = exception
            future.set_exception(error)
        else:
            future.set_exception(exception)


    # The end

    async def end_tasks(grace):
        """Cancels every task; returns the names of those that did not end in time."""
        loop = asyncio.get_running_loop()
        own = asyncio.current_task()
        half, deadline = loop.time() + grace / 2, loop.time() + grace
        cancelled = weakref.WeakSet()
        while True:
            pending = {task for task in asyncio.all_tasks(loop) if task is not own}
            # Once, as asyncio.run does: a second time would break into the cleaning up. Only a
            # task that has had half of the time may have swallowed the first.
            for task in pending:
                if task not in cancelled or loop.time() >= half:
                    cancelled.add(task)
                    task.cancel()
            left = deadline - loop.time()
            if not pending or left <= 0:
                return [f"task {_name(task)}" for task in pending]
            await asyncio.wait(pending, timeout=min(left, max(grace / 8, 0.01)))


    async def end_generators(grace):
        """Closes asynchronous generators, and lets go of the executor."""
        loop = asyncio.get_running_loop()
        closing = loop.create_task(loop.shutdown_asyncgens())
        # Not wait_for, which waits for the cancelled generator, and so perhaps for ever.
        await asyncio.wait({closing}, timeout=grace)
        executor = getattr(loop, "_default_executor", None)
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)
        return [] if closing.done() else ["asynchronous generators"]


    def end_threads(grace):
        """Waits for the threads that are no daemons; returns those that did not end in time."""
        from concurrent.futures import thread as pool
        # What `threading._shutdown` does through it, without waiting for ever.
        with pool._global_shutdown_lock:
            pool._shutdown = True
        for work in list(pool._threads_queues.values()):
            work.put(None)
        deadline = time.monotonic() + grace
        stuck = []
        for thread in threading.enumerate():
            if thread is threading.main_thread() or thread.daemon:
                continue
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                stuck.append(f"thread {thread.name}")
        if not stuck:
            threading._shutdown()
        return stuck


    def run_exit_functions():
        import atexit
        atexit._run_exitfuncs()


    def flush():
        for stream in (sys.stdout, sys.stderr):
            try:
                if stream is not None:
                    stream.flush()
            except (OSError, ValueError):
                pass
    """#
