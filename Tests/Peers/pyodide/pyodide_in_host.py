# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin: runs those of Pyodide's tests that need no browser, in the host.

Most of them drive a page. What of one is Python runs here; where a test comes to a page
or to JavaScript, it is skipped with what it asked for. So is what the host refuses by
name. Everything else must pass, but for the tests in exceptions.txt.
"""

import asyncio
import inspect
import os
import sys
import textwrap
import types
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import pytest

HERE = Path(__file__).parent
REFUSED = " is not available in Amaru"
PRIVATE = ("_pyodide_core", "pyodide._package_loader", "test_module")
LOOP = asyncio.get_event_loop()


def pytest_configure(config: pytest.Config) -> None:
    """Stand in for the conftest.py of Pyodide, which needs its build."""
    shared: Any = types.ModuleType("conftest")
    shared.PYODIDE_ROOT = Path(os.environ["AMARU_PYODIDE"])
    shared.DIST_PATH = shared.PYODIDE_ROOT / "dist"
    shared.strip_assertions_stderr = list
    for name in ("only_node", "only_chrome", "requires_jspi"):
        setattr(shared, name, pytest.mark.filterwarnings("default"))
    sys.modules["conftest"] = shared
    from pyodide import console

    # Imported with what is public; their tests are among the exceptions.
    for name in ("_CommandCompiler", "_Compile", "_WriteStream"):
        setattr(console, name, None)
    # Its own package beside ours: the texts of documentation are in it.
    sys.path.append(str(shared.PYODIDE_ROOT / "src" / "py"))
    for mark in ("xfail_browsers(**reasons)", "skip_refcount_check", "driver_timeout"):
        config.addinivalue_line("markers", f"{mark}: of Pyodide's own plugin")
    # A page is shared by all values of a test, too.
    shares = [hypothesis.HealthCheck.function_scoped_fixture]
    hypothesis.settings.register_profile("host", suppress_health_check=shares)
    hypothesis.settings.load_profile("host")
    for mark in ("skip_pyproxy_check", "requires_dynamic_linking"):
        config.addinivalue_line("markers", f"{mark}: of Pyodide's own plugin")


def pytest_runtest_setup() -> None:
    """Give each test the host's loop, which `asyncio.run` of the one before takes."""
    asyncio.set_event_loop(LOOP)


class Page:
    """A page, as far as it runs Python."""

    logs = ""

    def __init__(self) -> None:
        self._names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, code: str) -> Any:
        """Run code that does not await."""
        from pyodide.code import eval_code

        return eval_code(textwrap.dedent(code), self._names)

    def run_async(self, code: str) -> Any:
        """Run code that may await."""
        from pyodide.code import eval_code_async

        async def settled() -> Any:
            value = await eval_code_async(textwrap.dedent(code), self._names)
            # A promise is awaited by JavaScript, too.
            return await value if hasattr(value, "__await__") else value

        return LOOP.run_until_complete(settled())

    def __getattr__(self, name: str) -> NoReturn:
        pytest.skip(f"needs a page: selenium.{name}")


@pytest.fixture
def selenium() -> Page:
    """Return a page of the test's own."""
    return Page()


selenium_module_scope = selenium_standalone = selenium


@pytest.fixture
def selenium_standalone_noload() -> NoReturn:
    """Skip a test that loads Pyodide itself."""
    pytest.skip("needs a page: it loads Pyodide")


selenium_standalone_refresh = selenium_webworker_standalone = selenium_standalone_noload


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Await a test that is a coroutine function."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    LOOP.run_until_complete(
        pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    )
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Skip a test where it comes to what the host refuses by name."""
    try:
        return (yield)
    except BaseException as exc:
        if (line := _refusal(exc)) is not None:
            pytest.skip(line)
        raise


def _refusal(exc: BaseException | None) -> str | None:
    while exc is not None:
        if isinstance(exc, ModuleNotFoundError) and exc.name in PRIVATE:
            return f"needs Pyodide's own {exc.name}"
        for line in str(exc).splitlines():
            if REFUSED in line:
                return line
        exc = exc.__cause__ or exc.__context__
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect the tests to fail that are listed, each with its reason.

    One that passes is a failure, and its line to be deleted; those that depend on what
    ran before are skipped.
    """
    for line in (HERE / "exceptions.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern, reason = line.split(None, 1)
        for item in items:
            if fnmatchcase(item.nodeid, "*" + pattern.replace("[", "[[]")):
                if reason.startswith("skipped: "):
                    item.add_marker(pytest.mark.skip(reason=reason))
                else:
                    item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
