// The Python side of loops and of asynchronous iteration.
// SPDX-License-Identifier: Apache-2.0

/// A part of the module `_amaru_runtime`.
let asyncioRuntimeSource = #"""
    def make_loop(package):
        if package is None:
            return asyncio.new_event_loop()
        return importlib.import_module(package).new_event_loop()


    def makes_plain_futures():
        from asyncio import base_events
        create = getattr(type(_State.loop), "create_future", None)
        return create is base_events.BaseEventLoop.create_future


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


    _END = object()
    """#
