# SPDX-License-Identifier: Apache-2.0
"""The suites that run inside the program: where they come from, what they need."""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

__all__ = ["SUITES", "Suite"]

_PYTEST = ["pytest>=9,<10", "pytest-timeout"]
_HTTPX = "httpx==0.28.1"
_SERVERS = ["trustme", "cryptography", "uvicorn", "trio", "anyio", "chardet<6"]
_EXTRAS = ["h2", "socksio", "brotli", "zstandard", "click", "rich", "pygments"]
_OPTIONS = ["-p", "no:cacheprovider", "--timeout=60", "--timeout-method=thread"]

_HTTPX_PORT = Lock()
_HTTPX_TESTS = [
    "tests/client/test_async_client.py",
    "tests/client/test_client.py",
    "tests/client/test_auth.py",
    "tests/client/test_redirects.py",
    "tests/client/test_cookies.py",
    "tests/client/test_event_hooks.py",
    "tests/client/test_proxies.py",
    "tests/test_api.py",
    "tests/test_timeouts.py",
    "tests/test_exceptions.py",
]


_REQUESTS = "requests==2.34.2"
_HTTPBIN = ["pytest-httpbin", "httpbin", "pytest-mock", "trustme", "PySocks"]


_URLLIB3 = "urllib3==2.8.0"
_URLLIB3_TESTS = [
    "test/with_dummyserver/test_chunked_transfer.py",
    "test/with_dummyserver/test_connection.py",
    "test/with_dummyserver/test_connectionpool.py",
    "test/with_dummyserver/test_poolmanager.py",
]
_PYODIDE_TESTS = [
    f"src/tests/test_{name}.py"
    for name in (
        *("asyncio", "common", "console", "jsproxy", "package_loading", "pyodide"),
        *("pyodide_http", "pyproxy", "stack_switching", "typeconversions", "webloop"),
    )
]
_DUMMY_SERVER = ["hypercorn", "quart", "quart-trio", "pytest-socket", "pysocks"]


@dataclass(frozen=True)
class Suite:
    """Tests to run inside the program."""

    requirements: list[str]
    arguments: list[str]
    folder: str
    """The folder of `Tests/Peers` that belongs to it."""
    source: str | None = None
    """The source distribution that the tests are in, if they are another project's."""
    checkout: str | None = None
    """The variable that names a checkout of a project whose tests no index has."""
    shared: list[str] = field(default_factory=list)
    """Other folders of `Tests` whose modules it imports."""
    lock: Lock = field(default_factory=Lock)
    """Held while it runs: one for all whose servers have the same port."""

    def path(self, peers: Path) -> list[Path]:
        return [
            peers / self.folder, *(peers.parent / name for name in self.shared)
        ]  # fmt: skip


def _httpx(plugins: list[str]) -> Suite:
    chosen = [part for plugin in plugins for part in ("-p", plugin)]
    return Suite(
        requirements=[_HTTPX, "httpx2", *_PYTEST, *_SERVERS, *_EXTRAS],
        arguments=[
            *_OPTIONS,
            *chosen,
            "-o",
            "addopts=",
            "-m",
            "not network",
            "-q",
            *_HTTPX_TESTS,
        ],  # fmt: skip
        folder="httpx",
        source=_HTTPX,
        lock=_HTTPX_PORT,
    )


def _openai(version: str) -> Suite:
    return Suite(
        requirements=[version, "trustme", *_PYTEST],
        arguments=[*_OPTIONS, "-q", "."],
        folder="openai",
        shared=["Python"],
    )


SUITES = {
    # First, since it takes longest.
    "network": Suite(
        requirements=["httpx", "httpx2", "trustme", *_PYTEST],
        arguments=[*_OPTIONS, "-q", "-W", "error", "."],
        folder="network",
        shared=["Python"],
    ),
    "httpx": _httpx(["over_amaru"]),
    "httpx2": _httpx(["httpx2_as_httpx", "over_amaru"]),
    "openai2": _openai("openai>=2.54,<3"),
    "openai3": _openai("openai>=3.54,<4"),
    "urllib3": Suite(
        requirements=[_URLLIB3, _HTTPX, *_PYTEST, *_SERVERS, *_EXTRAS, *_DUMMY_SERVER],
        arguments=[
            *_OPTIONS,
            "-p",
            "urllib3_over_amaru",
            "-o",
            "addopts=",
            "-q",
            *_URLLIB3_TESTS,
        ],  # fmt: skip
        folder="urllib3",
        source=_URLLIB3,
    ),
    "requests": Suite(
        requirements=[_REQUESTS, *_HTTPBIN, *_PYTEST],
        arguments=[
            *_OPTIONS,
            "-p",
            "urllib3_over_amaru",
            "-o",
            "addopts=",
            "-q",
            "tests/test_requests.py",
            "tests/test_lowlevel.py",
        ],  # fmt: skip
        folder="urllib3",
        source=_REQUESTS,
    ),
    "libraries": Suite(
        requirements=[
            *("anthropic", "boto3", "httpx", "httpx2", "requests", "respx", "vcrpy"),
            *("opentelemetry-instrumentation-httpx", "opentelemetry-sdk", "trio"),
            *("PySocks", "socksio", "httpx-ws", "websockets"),
            *_PYTEST,
        ],
        arguments=[*_OPTIONS, "-q", "."],
        folder="libraries",
        shared=["Python"],
    ),
    "scripts": Suite(
        requirements=[
            *("aiohttp", "httpx", "httpx2", "numpy", "pandas", "pydantic", "requests"),
            *_PYTEST,
        ],
        arguments=[*_OPTIONS, "-q", "."],
        folder="scripts",
    ),
    "pyodide": Suite(
        requirements=["hypothesis", "pytest-httpserver", *_PYTEST],
        arguments=[
            *_OPTIONS,
            *("--noconftest", "-p", "pyodide_in_host", "-p", "no:doctest"),
            *("--import-mode=importlib", "-o", "addopts=", "-q", "-rs"),
            *_PYODIDE_TESTS,
        ],  # fmt: skip
        folder="pyodide",
        checkout="AMARU_PYODIDE",
    ),
}
