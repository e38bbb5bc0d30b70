// The Python side of the orderly end.
// SPDX-License-Identifier: Apache-2.0

extension Runtime.Part {
    /// Ending tasks, generators, threads, exit functions and output.
    static let ending = Runtime.Part("ending") {
        #"""
        import sys


        async def end_tasks(grace):
            """Cancels every task; returns the names of those that did not end in time."""
            import asyncio, weakref
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
            import asyncio
            loop = asyncio.get_running_loop()
            closing = loop.create_task(loop.shutdown_asyncgens())
            # Not wait_for, which waits for the cancelled generator, and so perhaps forever.
            await asyncio.wait({closing}, timeout=grace)
            executor = getattr(loop, "_default_executor", None)
            if executor is not None:
                executor.shutdown(wait=False, cancel_futures=True)
            return [] if closing.done() else ["asynchronous generators"]


        def end_threads(grace):
            """Waits for the threads that are no daemons; returns those that did not end in time."""
            threading = sys.modules.get("threading")
            if threading is None:
                return []
            import time
            pool = sys.modules.get("concurrent.futures.thread")
            if pool is not None:
                # What `threading._shutdown` does through it, without waiting forever.
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


        def end_child(error):
            """Ends a child of `os.fork`, as `python` ends, with what its code has raised, if anything."""
            import os
            status = 0
            if isinstance(error, SystemExit):
                status = 0 if error.code is None else error.code
                if not isinstance(status, int):
                    print(status, file=sys.stderr)
                    status = 1
            elif error is not None:
                trace = error.__traceback__
                while trace is not None and trace.tb_frame.f_code.co_filename == "<amaru>":
                    trace = trace.tb_next
                sys.excepthook(type(error), error, trace)
                status = 1
            try:
                if "threading" in sys.modules:
                    sys.modules["threading"]._shutdown()
                run_exit_functions()
            finally:
                flush()
                os._exit(status & 0xFF)


        def end_child_task(task):
            end_child(task and (SystemExit(1) if task.cancelled() else task.exception()))


        def flush():
            for stream in (sys.stdout, sys.stderr):
                try:
                    if stream is not None:
                        stream.flush()
                except (OSError, ValueError):
                    pass
        """#
    }
}
