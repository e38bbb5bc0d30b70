// The Python side of event loops and of asynchronous iteration.
// SPDX-License-Identifier: Apache-2.0

extension Runtime.Part {
    /// The home loop, its tasks, and asynchronous iteration; loaded when asyncio is imported.
    static let asyncio = Runtime.Part("asyncio", after: "asyncio") {
        #"""
        import _thread, asyncio, gc, sys, threading, weakref

        _making = _thread.RLock()


        class _State:
            loop = None
            unhandled = None
            prints = True
            takes_exits = False
            work = None


        def make_home_loop(package, unhandled, prints, takes_exits, *work):
            """The loop of the Python thread, which any thread may make."""
            from importlib import import_module
            with _making:
                if _State.loop is None:
                    _State.unhandled = unhandled
                    _State.prints, _State.takes_exits, _State.work = prints, takes_exits, work
                    loop = import_module(package).new_event_loop()
                    loop.set_exception_handler(_handle)
                    loop.set_task_factory(_make_task)
                    if isinstance(loop, asyncio.BaseEventLoop):
                        loop.run_forever = _nestable(loop, loop.run_forever)
                        loop.run_until_complete = _nestable(loop, loop.run_until_complete)
                    _State.loop = loop
            return _State.loop


        def makes_plain_futures():
            from asyncio import base_events
            create = getattr(type(_State.loop), "create_future", None)
            return create is base_events.BaseEventLoop.create_future


        def _nestable(loop, run):
            """Lets synchronous code on the Python thread run the loop that called it, as any other."""
            def run_nested(*arguments):
                thread, own = loop._thread_id, _thread.get_ident()
                if thread is None and own == threading.main_thread().ident:
                    # Synchronous code is first, and waits for Swift.
                    loop.add_reader(*_State.work)
                if thread != own or asyncio._get_running_loop() is not None:
                    return run(*arguments)
                task, count = asyncio.current_task(loop), len(loop._ready)
                if task is not None:
                    asyncio.tasks._leave_task(loop, task)
                loop._thread_id = None
                try:
                    return run(*arguments)
                finally:
                    loop._thread_id = thread
                    if task is not None:
                        asyncio.tasks._enter_task(loop, task)
                    # The turn that goes on takes as many callbacks as there were.
                    for _ in range(count - len(loop._ready)):
                        loop.call_soon(int)
            return run_nested


        def watch_work():
            """Prepares the home loop to run, in the context that the thread has now."""
            asyncio._set_running_loop(None)
            asyncio.set_event_loop(_State.loop)
            _State.loop.add_reader(*_State.work)


        def follow_fork(end):
            """In a child of `os.fork`, ends it with the task or callback that forked."""
            loop = _State.loop
            if isinstance(loop, asyncio.SelectorEventLoop):
                # The parent's is shared: what the child changed in it would change for both.
                import selectors
                loop._selector = selectors.DefaultSelector()
            task = asyncio.current_task(loop)
            if task is None:
                loop.call_soon(end)
            else:
                task.add_done_callback(end)


        def set_current_loop():
            asyncio.set_event_loop(_State.loop)


        def enter_loop(loop):
            asyncio._set_running_loop(loop)
            # `asyncio.run` leaves the policy without a loop, for good.
            asyncio.set_event_loop(loop)


        def _handle(loop, context):
            exc, text = context.get("exception"), ""
            if exc is not None:
                text = _State.unhandled(exc, not isinstance(exc, asyncio.CancelledError))
            if _State.prints:
                message = context.get("message") or "Unhandled exception in event loop"
                if exc is not None and "task" in context:
                    name = _name(context["task"])
                    message = f"Task {name} ended with an exception that nobody awaits"
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


        # Tasks whose exception nobody has asked for. asyncio reports one when it is collected.
        _failed = weakref.WeakSet()


        def _task_done(task):
            # Set as long as nobody has asked for the exception; cleared by whoever awaits the task.
            if not task.cancelled() and task._log_traceback:
                if _State.takes_exits and isinstance(task._exception, SystemExit):
                    task._log_traceback = False
                    return
                _failed.add(task)
                # A task that nobody has is collected now, unless a frame of its traceback has it.
                loop = task.get_loop()
                loop.call_soon(loop.call_soon, gc.collect, 0)


        def report_failed():
            """Reports at the end what was not collected before."""
            for task in list(_failed):
                if task._log_traceback:
                    task._log_traceback = False
                    _handle(task.get_loop(), {
                        "exception": task._exception, "task": task})


        def ensure_future(awaitable):
            return asyncio.ensure_future(awaitable, loop=_State.loop)


        def post(loop, callback):
            """Runs a callback on a loop of any thread; false if that loop has ended."""
            try:
                loop.call_soon_threadsafe(callback)
            except RuntimeError:
                return False
            return True


        def watch(loop, descriptor, callback):
            """Calls back whenever the descriptor is readable; false if the loop cannot."""
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


        def retrieve(future):
            """Marks the exception of a future as one that somebody awaits."""
            if not future.cancelled():
                future.exception()


        class Pull:
            """A task that runs an asynchronous iteration, one step for each request of Swift."""

            def __init__(self, iterable, deliver):
                self._swift = deliver
                self._wake = None
                self._is_wanted = self._is_closed = False
                self._task = _State.loop.create_task(
                    self._run(iterable), name=f"iteration of {type(iterable).__qualname__}")
                self._task.add_done_callback(self._ended)

            def request(self):
                self._is_wanted = True
                if self._task.done():
                    self._deliver(None, None)
                self._wake_up()

            def close(self):
                """Ends the iteration, which waits for a request."""
                self._is_closed = True
                self._wake_up()

            def cancel(self):
                self._task.cancel()

            def _wake_up(self):
                if self._wake is not None and not self._wake.done():
                    self._wake.set_result(None)

            async def _requested(self):
                while not self._is_wanted and not self._is_closed:
                    self._wake = asyncio.get_running_loop().create_future()
                    await self._wake
                return not self._is_closed

            def _deliver(self, kind, value):
                if self._is_wanted:
                    self._is_wanted = False
                    self._swift(kind, value)

            def _ended(self, task):
                # A task that is cancelled before its first step never runs.
                self._deliver(False, asyncio.CancelledError())

            async def _run(self, iterable):
                iterator = None
                try:
                    iterator = aiter(iterable)
                    while await self._requested():
                        self._deliver(True, await anext(iterator))
                except StopAsyncIteration:
                    self._deliver(None, None)
                except (asyncio.CancelledError, KeyboardInterrupt, SystemExit) as exc:
                    self._deliver(False, exc)
                    raise
                except Exception as exc:
                    self._deliver(False, exc)
                finally:
                    # An iterator that is no generator need not have it.
                    close = getattr(iterator, "aclose", None)
                    if close is not None:
                        await close()


        _END = object()


        class AsyncIterator:
            """An asynchronous iterator over a sequence of Swift."""

            __slots__ = ("_advance", "_stop", "_is_running", "_is_finished", "__weakref__")
            __module__ = "amaru"

            def __init__(self, advance, stop):
                self._advance, self._stop = advance, stop
                self._is_running = self._is_finished = False

            def __aiter__(self):
                return self

            async def __anext__(self):
                self._begin("anext")
                future = self._advance(_END)
                try:
                    value = await future
                except BaseException:
                    future.cancel()
                    self._finish()
                    raise
                finally:
                    self._is_running = False
                if value is _END:
                    self._finish()
                    raise StopAsyncIteration
                return value

            async def asend(self, value):
                if value is not None:
                    raise TypeError("a sequence of Swift takes no value")
                return await self.__anext__()

            async def athrow(self, error, value=None, traceback=None):
                self._begin("athrow")
                self._is_running = False
                self._finish()
                if isinstance(error, type):
                    error = error() if value is None else value
                raise error if traceback is None else error.with_traceback(traceback)

            async def aclose(self):
                if not self._is_finished:
                    self._begin("aclose")
                    self._is_running = False
                    self._finish()

            def _begin(self, name):
                if self._is_running:
                    raise RuntimeError(f"{name}(): asynchronous iterator is already running")
                if self._is_finished:
                    raise StopAsyncIteration
                self._is_running = True

            def _finish(self):
                self._is_finished = True
                self._stop()

            def __del__(self):
                self._stop()
        """#
    }
}
