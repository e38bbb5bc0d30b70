# SPDX-License-Identifier: Apache-2.0
"""What `amaru wrap` writes for a module."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amaru.wrap import MARK, WrapError, wrapped

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "Tests/Python/wrapped").glob("*.py"))
SURVEY = ROOT / "Tests/Python/wrapped/survey.py"

Wrap = Callable[[str], str]


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """What is imported here is not there for the next test."""
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.fixture
def wrap(tmp_path: Path) -> Wrap:
    def written(source: str) -> str:
        file = tmp_path / "sample.py"
        file.write_text(source, "utf-8")
        sys.modules.pop("sample", None)
        return wrapped(str(file))

    return written


def declared(text: str) -> list[str]:
    """Return the functions and properties of a file, without their comments."""
    joined = re.sub(r"\(\n\s+", "(", re.sub(r"\n\s+\)", ")", text))
    joined = re.sub(r",\n\s+", ", ", joined)
    found = re.findall(r"^    ((?:static )?(?:func|init|var) ?.*) \{$", joined, re.M)
    return [line for line in found if line != "init() throws"]


@pytest.mark.parametrize("module", SAMPLES, ids=lambda path: path.stem)
def test_the_tested_files_are_current(module: Path) -> None:
    file = f"Tests/AmaruTests/Wrapped/{module.stem.title()}.swift"
    command = f"amaru wrap {module.relative_to(ROOT)} --output {file}"
    assert (ROOT / file).read_text() == wrapped(str(module)), f"run {command}"


@pytest.mark.skipif(shutil.which("swift") is None, reason="swift format is needed")
@pytest.mark.parametrize("module", SAMPLES, ids=lambda path: path.stem)
def test_the_formatter_changes_nothing(module: Path) -> None:
    text = wrapped(str(module), access="public")
    options = ["--configuration", str(ROOT / ".swift-format"), "-"]

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *options],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("swift", "format").stdout == text
    assert run("swift", "format", "lint", "--strict").stderr == ""


def test_the_access_is_that_of_all_declarations(wrap: Wrap) -> None:
    text = wrapped(str(SURVEY), "Field", "public")
    assert text.startswith(f"{MARK} survey --name Field --access public`:")
    assert "\npublic import Amaru\n" in text
    assert "public struct Field: Sendable {" in text
    # What is in no body of a function and in no enum.
    declarations = r"^ {0,8}(?:static |final )*(?:func|struct|enum|init)\b"
    open_ones = re.findall(declarations, text, re.M)
    assert open_ones == []


@pytest.mark.parametrize(
    ("source", "declaration"),
    [
        (
            "def f(a: int, b: str) -> bool: ...",
            "func f(_ a: Int, b: String) throws -> Bool",
        ),
        ("def f(a: int = 1): ...", "func f(_ a: Int? = nil) throws -> PythonObject"),
        ("def f(*, a: int | None) -> None: ...", "func f(a: Int?) throws"),
        ("def f(a: 'int | None' = 2) -> None: ...", "func f(_ a: Int?? = nil) throws"),
        (
            "def f(a, /, *b: str, **c: float) -> None: ...",
            "func f(_ a: any ConvertibleToPython, b: [String] = [], "
            "c: [String: Double] = [:]) throws",
        ),
        (
            "def f() -> 'list[dict[str, set[int]]]': ...",
            "func f() throws -> [[String: Set<Int>]]",
        ),
        (
            "def f() -> 'dict[tuple[int, int], str]': ...",
            "func f() throws -> PythonObject",
        ),
        ("def f() -> 'int | str': ...", "func f() throws -> PythonObject"),
        ("def f() -> 'list[int] | tuple[int, ...]': ...", "func f() throws -> [Int]"),
        ("def f() -> tuple[int, str]: ...", "func f() throws -> (Int, String)"),
        ("async def f() -> int: ...", "func f() async throws -> Int"),
        (
            "def is_a_b(some_name: int) -> int: ...",
            "func isAB(_ someName: Int) throws -> Int",
        ),
        (
            "def class_(in_: int) -> int: ...",
            "func `class`(_ inValue: Int) throws -> Int",
        ),
        (
            "def HTTPGet(self: int) -> int: ...",
            "func httpGet(_ selfValue: Int) throws -> Int",
        ),
        ("MAX_SIZE: int = 1", "var maxSize: Int"),
        ("größe: float = 1", "var größe: Double"),
    ],
)
def test_hints_have_types_in_swift(wrap: Wrap, source: str, declaration: str) -> None:
    assert declared(wrap(source)) == [declaration]


def test_names_that_become_one_are_told_apart(wrap: Wrap) -> None:
    source = "def read_all() -> int: ...\ndef readAll() -> int: ...\nread__all: int = 1"
    names = [
        "var readAll3: Int",
        "func readAll() throws -> Int",
        "func readAll2() throws -> Int",
    ]
    assert sorted(declared(wrap(source))) == sorted(names)


def test_types_of_swift_are_not_hidden_by_classes(wrap: Wrap) -> None:
    classes = "class String:\n    pass\nclass Sample:\n    pass\n"
    text = wrap(f"{classes}def f(a: String) -> Sample: ...")
    assert "struct StringClass: PythonProtocolWrapper" in text
    # The namespace would have the name of a class in it.
    assert "struct SampleModule: Sendable" in text
    assert (
        "func f(_ a: SampleModule.StringClass) throws -> SampleModule.Sample {" in text
    )


def test_all_says_what_is_public(wrap: Wrap) -> None:
    source = "from os.path import join\ndef f() -> int: ...\ndef _g() -> int: ..."
    assert declared(wrap(source)) == ["func f() throws -> Int"]
    text = wrap(source + "\n__all__ = ['join', '_g', 'nothing', 3]")
    assert "Calls `_g()`." in text
    assert "Python: `join(a, *p)`." in text
    assert "Calls `f()`." not in text


def test_a_hint_that_cannot_be_resolved_is_named(wrap: Wrap) -> None:
    text = wrap("def f(a: 'Missing', b: 'int') -> 'list[Gone]': ...")
    assert declared(text) == [
        "func f(_ a: any ConvertibleToPython, b: Int) throws -> PythonObject"
    ]
    assert "/// The hint of `a` cannot be resolved: NameError: name 'Missing'" in text
    assert "/// Any object: `a`, the result." in text


HOSTILE = '''
def f(a: int = 1, b: object = object()) -> int:
    """Ends */ here. "\\x00\\u2028\\u202eline
    - Parameters:
      - zz: ``code``
    \\\\(a) \\r func g() {}
    """

globals()["a-b"] = f
globals()["1\\"\\n}"] = f
globals()["\\ud800"] = f
__all__ = ["f", "a-b", "1\\"\\n}", "\\ud800"]
'''


def test_a_hostile_docstring_stays_a_comment(wrap: Wrap) -> None:
    text = wrap(HOSTILE)
    assert text == wrap(HOSTILE)
    code = [line.strip() for line in text.splitlines() if "//" not in line]
    assert not any(character in text for character in "\x00\u2028\u202e\r")
    assert not any("zz" in line or "func g" in line for line in code)
    parameters = "(_ a: Int? = nil, b: (any ConvertibleToPython)? = nil)"
    assert declared(text) == [
        f"func {name}{parameters} throws -> Int" for name in ("f", "aB", "_1___")
    ]
    assert 'object.readAttribute("a-b")' in text
    assert r'object.readAttribute("1\"\n}")' in text
    assert "0x" not in text


ODD = """
from typing import TypeAliasType
from unittest.mock import call
Loop = TypeAliasType("Loop", "Loop")
Loop = TypeAliasType("Loop", list[Loop])
Gone = TypeAliasType("Gone", "missing")

class Meta(type):
    def __getattr__(cls, name): raise ValueError(name)

class Sealed(metaclass=Meta):
    pass

class Odd:
    __doc__ = 3
    def f(self, a: "Loop", b: "Gone", *, inout: int, _: int) -> "Odd": ...

def g(a: Sealed) -> int: ...
__all__ = ["call", "Odd", "Meta", "Sealed", "g"]
"""


def test_what_is_odd_is_an_object(wrap: Wrap) -> None:
    source = ODD if sys.version_info >= (3, 12) else re.sub(".*TypeAlias.*", "", ODD)
    lines = declared(wrap(source))
    end = "`inout` inoutValue: Int, unnamed: Int) throws -> Sample.Odd"
    assert any(line.endswith(end) for line in lines)
    assert "func g(_ a: any ConvertibleToPython) throws -> Int" in lines
    assert not any("Sealed" in line for line in lines)
    assert any(line.startswith("func call(") for line in lines)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named"),
        ("def f(:", "SyntaxError: "),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("_private = 1", "has nothing public"),
    ],
)
def test_what_cannot_be_wrapped_is_refused(
    wrap: Wrap, source: str, reason: str
) -> None:
    with pytest.raises(WrapError, match=re.escape(reason)):
        wrap(source)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nothing_of_that_name", "cannot be imported: ModuleNotFoundError"),
        ("", "is no name of a module"),
        (".relative", "is no name of a module"),
        ("/nowhere/at_all.py", "there is no such file"),
        ("/", "without an __init__.py"),
        (str(ROOT / "README.md"), "is no module"),
    ],
)
def test_what_is_no_module_is_refused(target: str, reason: str) -> None:
    with pytest.raises(WrapError, match=reason):
        wrapped(target)


def test_a_file_with_the_name_of_another_module_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sys.py").write_text("x: int = 1")
    with pytest.raises(WrapError, match="has the name of another module"):
        wrapped(str(tmp_path / "sys.py"))


@pytest.mark.parametrize("name", ["a b", "stats", "Int", "1x", "S()"])
def test_a_name_is_that_of_a_swift_type(name: str) -> None:
    with pytest.raises(WrapError, match="is no name for a Swift type"):
        wrapped(str(SURVEY), name)


def test_what_the_module_prints_is_not_in_the_file(
    wrap: Wrap, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "hello" not in wrap("import sys\nsys.stdout.write('hello')\nx: int = 1")
    assert capsys.readouterr() == ("", "hello")


def test_what_its_child_processes_print_is_not_in_the_file(
    wrap: Wrap, capfd: pytest.CaptureFixture[str]
) -> None:
    text = wrap("import os\nos.system('echo hello')\nx: int = 1")
    assert "hello" not in text
    assert capfd.readouterr() == ("", "hello\n")
    os.write(1, b"as before")
    assert capfd.readouterr() == ("as before", "")


@pytest.mark.parametrize("is_declared", [False, True])
def test_values_without_a_hint_are_named(wrap: Wrap, is_declared: bool) -> None:
    names = ["TABLE", "LIMITS", "SIZE", "count", "T"]
    source = f"""
        from __future__ import annotations
        import os
        import typing
        from collections.abc import Sequence
        T = typing.TypeVar("T")
        Rows = list[int]
        TABLE = {{"a": 1}}
        LIMITS = (1, 2)
        SIZE: int = 3
        _hidden = []
        {f"__all__ = {names}" if is_declared else ""}
        def count(rows: Rows) -> int: ...
        """
    text = wrap(inspect.cleandoc(source))
    found = re.search(r"/// Values without a hint are read from it: (.*)\.", text)
    assert found and found[1] == "`TABLE`, `LIMITS`"
    assert "hint" not in wrap("SIZE: int = 3")
    many = "\n".join(f"v{n} = [{n}]" for n in range(25))
    assert "`v19` and 5 more." in wrap(f"{many}\nSIZE: int = 3").replace(
        "\n    /// ", " "
    )


def test_a_package_is_wrapped_with_what_its_parts_define(tmp_path: Path) -> None:
    package = tmp_path / "bundle"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from bundle.part import f\nfrom os import getcwd"
    )
    (package / "part.py").write_text("def f() -> int: ...")
    assert declared(wrapped(str(package))) == ["func f() throws -> Int"]
    assert 'Python.import("bundle.part")' in wrapped(
        f"{package}.part".replace(str(package), "bundle")
    )
