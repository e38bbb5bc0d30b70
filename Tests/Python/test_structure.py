# SPDX-License-Identifier: Apache-2.0
"""The layers import downwards only, and the public names are kept in order."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from recording_chat import RecordingChat

PYTHON = Path(__file__).parents[2] / "Python"
FILES = sorted(path for path in PYTHON.rglob("*.py") if path.name[0] not in "_.") + [
    *sorted(PYTHON.rglob("_*.py"))
]

# What each layer may import besides itself, the standard library and packages.
ALLOWED = {
    "amaru": {
        "amaru._bridge",
        "amaru._pieces",
        "amaru._reply",
        "amaru.chat",
        "amaru.host",
        "_amaru_chat",
    },
    "amaru._answering": {
        "amaru._bridge",
        "amaru._pieces",
        "amaru._reply",
        "amaru._script",
        "amaru.chat",
        "amaru.host",
    },
    "amaru._pieces": set(),
    "amaru._bridge": {"_amaru_http", "_amaru_chat"},
    "amaru._check": {"amaru._names", "amaru._uses"},
    "amaru._configuration": set(),
    "amaru._names": set(),
    "amaru._gate": {"pyodide"},
    "amaru.archives": set(),
    "amaru._current": {"_amaru_chat"},
    "amaru._distributions": set(),
    "amaru._ending": {"amaru._main"},
    "amaru._guards": set(),
    "amaru._highlight": set(),
    "amaru._main": {"amaru._tracing"},
    "amaru._replacing": set(),
    "amaru._reply": set(),
    "amaru.host": {"amaru._bridge", "amaru._current", "amaru.chat", "_amaru_chat"},
    "amaru.transport": {"amaru._bridge", "amaru._replacing"},
    "amaru.chat": {
        "amaru._bridge",
        "amaru._current",
        "amaru._distributions",
        "amaru._pieces",
        "amaru.transport",
        "amaru.host",
    },
    "amaru.plugins": {"amaru._bridge", "amaru.host"},
    "amaru.local": set(),
    "amaru._repl": {"amaru", "amaru._script", "amaru.chat", "pyodide"},
    "amaru._pending": set(),
    "amaru._printing": {"amaru._bridge", "amaru._script"},
    "amaru._script": {
        "amaru._answering",
        "amaru._bridge",
        "amaru._current",
        "amaru._ending",
        "amaru._main",
        "amaru._pending",
        "amaru._printing",
        "amaru._reply",
        "amaru._tracing",
        "amaru.host",
        "amaru.chat",
        "_amaru_chat",
    },
    "amaru._uses": {"amaru._guards"},
    "amaru._versions": set(),
    "amaru.wrap": set(),
    "amaru.network": {
        "amaru._bridge",
        "amaru._replacing",
        "amaru._tracing",
        "amaru.transport",
    },
    "amaru._tracing": set(),
    "js": {"amaru._gate", "pyodide"},
    "pyodide": {"amaru._bridge", "amaru._gate", "amaru._names", "amaru.archives"},
    "pyodide_js": {"amaru._distributions", "amaru._gate", "micropip", "pyodide"},
    "micropip": {"_amaru_packages", "amaru._versions", "pyodide"},
    "main": {"amaru", "amaru.chat", "amaru.host", "amaru.plugins"},
    "examples": {"amaru", "amaru.chat", "pyodide"},
}
EXAMPLES = "calculator echo everywhere.main folder openai_chat order pirate table"
SCRIPTS = {"main", *(f"examples.{name}" for name in EXAMPLES.split())}
LAYERS = sorted(ALLOWED, key=len, reverse=True)


def module_of(path: Path) -> str:
    parts = path.relative_to(PYTHON).with_suffix("").parts
    parts = parts[1:] if parts[0] == "compat" else parts
    return ".".join(part for part in parts if part != "__init__")


def layer_of(module: str) -> str | None:
    for layer in LAYERS:
        if module == layer or (layer != "amaru" and module.startswith(layer + ".")):
            return layer
    return None


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                exists = (PYTHON / (name.replace(".", "/") + ".py")).exists()
                package = (PYTHON / name.replace(".", "/") / "__init__.py").exists()
                yield name if exists or package else node.module or ""


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_layer_imports_only_what_is_below(path: Path) -> None:
    module = module_of(path)
    layer = layer_of(module)
    assert layer is not None, f"{module} belongs to no layer: add it to the table"
    for name in imports(ast.parse(path.read_bytes())):
        target = layer_of(name)
        if name.startswith("_amaru"):
            assert name in ALLOWED[layer], f"{module} imports {name}"
        elif target is not None and target != layer:
            assert target in ALLOWED[layer], f"{module} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_public_names_are_declared_and_sorted(path: Path) -> None:
    if module_of(path) in SCRIPTS:
        pytest.skip("no library module")
    for node in ast.parse(path.read_bytes()).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        target = node.target if isinstance(node, ast.AnnAssign) else target
        if isinstance(target, ast.Name) and target.id == "__all__":
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            assert node.value is not None
            names = ast.literal_eval(node.value)
            assert names == sorted(set(names))
            return
    pytest.fail(f"{path} has no __all__")


def test_every_public_name_exists(screen: RecordingChat) -> None:
    screen.Turn = type(screen.turn())  # type: ignore[attr-defined]

    for path in FILES:
        module = module_of(path)
        if module in SCRIPTS:
            continue
        loaded = importlib.import_module(module)
        for name in loaded.__all__:
            place = PYTHON / "compat" / module / name
            if place.is_dir() or place.with_suffix(".py").exists():
                continue
            assert hasattr(loaded, name), f"{module}.{name}"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_files_have_licence_docstring_and_bounds(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# SPDX-License-Identifier: Apache-2.0\n")
    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= 500


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        # Both are imported at each start.
        ("amaru.network", {"__future__", "asyncio", "inspect"}),
        ("amaru._script", {"__future__", "asyncio", "inspect"}),
        ("amaru.transport", {"httpx", "httpx2", "urllib3", "openai"}),
        ("amaru.chat", {"httpx", "httpx2", "openai", "pluggy"}),
        ("amaru.plugins", {"httpx", "httpx2", "openai", "pluggy"}),
        ("main", {"httpx", "httpx2", "openai", "pluggy"}),
    ],
)
def test_importing_stays_cheap(module: str, unwanted: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=PYTHON,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not unwanted & set(done.stdout.split())
