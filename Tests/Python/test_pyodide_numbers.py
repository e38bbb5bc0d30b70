# SPDX-License-Identifier: Apache-2.0
"""Where each behaviour is tested that Pyodide's own tests name; and what no file had.

The numbers are those of our list of Pyodide's tests. Each has tests that are there, in
Python or in Swift; what a page alone can do is refused by name, which is tested too.
"""

from __future__ import annotations

import ast
import asyncio
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import js
import pyodide_js
from pyodide import ffi
from pyodide.webloop import PyodideTask

TESTS = Path(__file__).parents[1]

#: The number, the behaviour, and the tests: those of a file here, or of a Swift suite.
TABLE = """
1 the value of the last expression
    test_pyodide_code.py::test_the_last_expression_is_the_result
    test_pyodide_code.py::test_a_semicolon_may_be_of_no_importance
2 globals are new ones, locals apart
    test_pyodide_code.py::test_globals_are_new_ones_unless_given
    test_pyodide_behaviours.py::test_functions_of_a_source_see_its_globals
3 CodeRunner
    test_pyodide_code.py::test_a_tree_can_be_changed_before_it_is_compiled_once
    test_pyodide_code.py::test_the_code_can_be_changed_and_the_result_leaves_no_name
4 file names in tracebacks
    test_pyodide_code.py::test_a_file_name_of_ones_own_shows_lines_in_tracebacks
5 find_imports
    test_pyodide_code.py::test_imports_are_found_with_their_packages
6 pyimport leaves no global
    test_pyodide_behaviours.py::test_importing_a_member_leaves_no_global
7 builtins
    test_pyodide_behaviours.py::test_builtins_are_there_and_cannot_be_deleted
8 locals, then globals
    test_pyodide_behaviours.py::test_names_are_looked_up_in_locals_then_globals_then_builtins
9 modules of objects
    test_pyodide_ffi.py::test_an_object_becomes_a_module
    test_pyodide_behaviours.py::test_a_star_takes_all_names_or_those_of_the_list
10 modules are taken back
    test_pyodide_behaviours.py::test_a_module_is_replaced_by_another_of_its_name_and_taken_back
    test_pyodide_ffi.py::test_a_module_that_was_not_registered_cannot_be_taken_back
11 saved state, which is private to a page
    test_pyodide_numbers.py::test_saved_state_is_refused_and_globals_are_one
12 keyword arguments are one object
    test_pyodide_js.py::test_a_fetch_sends_what_it_is_told
    ScriptHostTests::A program gives its objects to the module js
13 reserved words
    test_pyodide_conversion.py::test_reserved_words_have_an_underscore_behind
14 arguments after the call; here they stay usable
    ScriptHostTests::Callbacks stay usable after the call that they were given in
15 round trips keep identity and counts
    test_pyodide_conversion.py::test_what_cannot_be_changed_and_strangers_stay
    test_pyodide_behaviours.py::test_a_proxy_holds_one_reference_until_it_is_destroyed
16 proxies are destroyed
    test_pyodide_behaviours.py::test_a_result_of_a_destroyed_proxy_stays
    test_compat.py::test_a_proxy_keeps_its_object_until_destroyed
    test_compat.py::test_a_once_callable_is_called_once
17 nothing is left behind
    test_pyodide_behaviours.py::test_nothing_is_kept_by_what_is_over
    LeakTests::Counts and memory are the same after many rounds
18 attributes outlive their proxy
    test_pyodide_behaviours.py::test_an_attribute_outlives_the_proxy_it_came_from
19 relaxed calls, and TypeErrors
    test_pyodide_code.py::test_arguments_that_a_function_does_not_take_are_left_out
    test_compat.py::test_a_proxy_calls_and_forwards
20 coroutine functions start, others' coroutines do not
    test_pyodide_behaviours.py::test_a_coroutine_function_runs_when_a_timer_calls_it
    test_pyodide_numbers.py::test_only_a_coroutine_function_is_started
21 awaiting the host's promises
    test_pyodide_webloop.py::test_a_result_goes_through_the_handlers
    ScriptHostTests::What Swift throws is a JsException with the name of its type
22 the host awaits coroutines
    EventLoopTests::Awaiting gives the exception of the coroutine
    EventLoopTests::Cancelling the Swift task cancels the coroutine, which may clean up
23 cancellation is quiet
    test_runtime_loops.py::test_a_task_that_is_cancelled_is_not_reported
    test_pyodide_behaviours.py::test_waiting_with_a_limit_leaves_no_handler_behind
    PromiseTests::Python's cancellation reaches Swift once, and a result after it is
        ignored
24 unhandled errors are reported
    test_runtime_loops.py::test_a_task_that_nobody_has_is_reported_when_it_fails
    test_pyodide_webloop.py::test_the_hosts_loop_still_reports_what_nobody_awaits
    RunEndTests::Errors of tasks and callbacks are reported, and the script goes on
25 sleeping, timers and contexts
    test_pyodide_behaviours.py::test_the_loop_is_a_real_one
26 what is in progress, and what ends it; the loop's own handlers are private to a page
    RunEndTests::What a script has started is done before it ends, as in a page
    RunEndTests::sys.exit ends a script that only waits for what it has started
    RunSignalTests::SIGINT ends a top-level await, in order
27 shutting down
    test_runtime_ending.py::test_generators_are_closed_and_the_executor_let_go
    test_runtime_ending.py::test_tasks_are_cancelled_and_awaited
    ShutDownTests::Calls at once share one end, and a cancelled caller does not stop it
28 PyodideFuture and PyodideTask
    test_pyodide_webloop.py::test_what_handlers_return_is_awaited_however_deep
    test_pyodide_webloop.py::test_cancelling_a_future_cancels_what_follows
29 waiting without await
    test_pyodide_behaviours.py::test_synchronous_code_waits_for_all_that_can_be_awaited
    test_pyodide_ffi.py::test_below_a_loop_of_the_script_waiting_is_refused
    RunEndTests::run_sync waits in scripts that await, too
30 interrupts
    RunSignalTests::SIGINT interrupts the script with a traceback
    RunSignalTests::A script's own handler of SIGINT runs
31 errors of the host
    test_pyodide_js.py::test_errors_can_be_raised_caught_and_pickled
    ScriptHostTests::What Swift throws is a JsException with the name of its type
32 errors through the host stay themselves
    ExceptionIdentityTests::Arguments, attributes, cause, context, notes and traceback
        are there afterwards
    TracebackTests::Python in Swift in Python: each stands where it was called
33 the last exception, exits, and the end
    test_pyodide_numbers.py::test_what_a_source_raises_is_the_last_exception
    ChatSessionTests::sys.exit ends the open turn and the background with its code
    ShutDownTests::Every use of an object after the end throws, and dropping it is fine
34 missing modules
    MissingModuleTests::A package that a sender misses is named with the option that
        adds it
35 arguments, variables and paths
    RunTests::A script sees what it sees under python
    RunTests::A script in another folder has that folder on its path, and the current
        one stays
36 streams
    test_pyodide_console.py::test_input_comes_from_the_callback
    test_pyodide_console.py::test_what_lines_print_goes_to_the_callbacks
    StreamTests::The stream says what it is, and refuses what it is not
    StreamTests::The end of the input is EOFError, and an error of the source is raised
37 http
    test_pyodide_http.py::test_an_error_status_is_a_response_until_asked
    test_pyodide_http.py::test_a_fetcher_takes_the_place_of_the_network
    test_pyodide_http.py::test_a_body_goes_into_a_file
    test_pyodide_aborts.py::test_cancelling_the_task_aborts_the_request
    test_pyodide_aborts.py::test_abort_ends_reading_and_all_later_reads
    test_pyodide_blocking.py::test_a_url_opens_as_a_text_file
    test_pyodide_blocking.py::test_every_method_is_sent
38 archives
    test_pyodide_loader.py::test_an_archive_is_unpacked_where_it_is_told
    test_pyodide_archives.py::test_a_format_can_be_named
    test_pyodide_archives.py::test_what_was_unpacked_can_be_imported
39 conversions
    test_pyodide_behaviours.py::test_text_goes_through_conversions_as_it_is
    test_pyodide_behaviours.py::test_integers_stay_exact
    test_pyodide_conversion.py::test_converters_know_strangers
    test_pyodide_conversion.py::test_keys_that_javascript_lacks_are_refused
    test_pyodide_conversion.py::test_typed_arrays_copy_from_and_to_buffers
40 micropip
    test_micropip.py::test_only_what_surely_fits_counts_as_installed
    test_micropip.py::test_failures_are_collected_or_raised_at_once
    MicropipTests::Dependencies, extras, markers and limits count as in micropip
    MicropipTests::A package can be removed, and another stand in for one
"""


def table() -> dict[int, list[str]]:
    rows: dict[int, list[str]] = {}
    for line in re.sub(r"\n {8}", " ", TABLE).strip().splitlines():
        if line.startswith(" "):
            rows[max(rows)].append(line.strip())
        else:
            rows[int(line.split()[0])] = []
    return rows


def names(file: str) -> set[str]:
    """Return the names of the tests of a file, or of a Swift suite."""
    if not file.endswith(".py"):
        text = "".join(each.read_text() for each in TESTS.rglob(f"{file}.swift"))
        return set(re.findall(r"(?:func |@Test\(\s*)[`\"](.+?)[`\"]", text))
    tree = ast.parse((TESTS / "Python" / file).read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {each.name for each in ast.walk(tree) if isinstance(each, functions)}


def test_every_number_has_a_test() -> None:
    rows = table()
    assert list(rows) == list(range(1, 41))
    assert [number for number, nodes in rows.items() if not nodes] == []


@pytest.mark.parametrize(
    "node", sorted({node for nodes in table().values() for node in nodes})
)
def test_the_tests_of_the_table_are_there(node: str) -> None:
    file, _, name = node.partition("::")
    assert name in names(file)


# 11


def test_saved_state_is_refused_and_globals_are_one() -> None:
    for name in ("saveState", "restoreState"):
        with pytest.raises(AttributeError, match="_api is not .*give .* globals"):
            getattr(pyodide_js._api, name)
    state: dict[str, Any] = {"x": 7}
    pyodide_js.runPython("y = x + 70", globals=dict(state))
    assert "y" not in state and "y" not in pyodide_js.globals


# 20


async def test_only_a_coroutine_function_is_started() -> None:
    started: list[str] = []
    made: list[Any] = []
    ended = asyncio.Event()

    async def start(name: str = "alone") -> None:
        started.append(name)

    def make() -> Any:
        made.append(start("of another"))
        if len(made) == 2:
            ended.set()
        return made[-1]

    js.setTimeout(make, 0)
    js.setTimeout(ffi.create_proxy(start), 0)
    js.setTimeout(ffi.create_once_callable(partial(start, "part")), 0)
    js.setTimeout(start, 0, "argument")
    ffi.wrappers.set_timeout(make, 0)
    await ended.wait()
    await asyncio.sleep(0)
    assert started == ["alone", "part", "argument"]
    for coroutine in made:
        coroutine.close()


# 33


async def test_what_a_source_raises_is_the_last_exception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        monkeypatch.setattr(sys, name, None, raising=False)
    with pytest.raises(ZeroDivisionError) as caught:
        pyodide_js.runPython("1 / 0")
    assert sys.last_value is caught.value
    assert sys.last_type is ZeroDivisionError
    assert sys.last_traceback is not None
    task: PyodideTask[Any] = pyodide_js.runPythonAsync("await missing", globals={})
    with pytest.raises(NameError) as named:
        await task
    last: Any = sys.last_value
    assert last is named.value
    if sys.version_info >= (3, 12):
        assert sys.last_exc is named.value
    with pytest.raises(SystemExit):
        pyodide_js.runPython("raise SystemExit(3)")
    assert sys.last_value is last
