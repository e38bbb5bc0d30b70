# SPDX-License-Identifier: Apache-2.0
"""Which names of a source mean a page's, and which only look like them."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from amaru._uses import Reader


def used(source: str) -> set[str]:
    reader = Reader(["js"])
    reader.read(ast.parse(dedent(source)))
    return {name for name, _ in reader.found} - {"js", "js.document"}


OTHERS = {
    "in a condition that is never true": """
        import sys
        import js
        js.alert if sys.platform == "emscripten" else print
        "emscripten" in sys.platform and js.alert()
        sys.platform != "emscripten" or js.alert()
        if sys.platform.startswith("emscripten"):
            js.alert()
        """,
    "a parameter": """
        import js
        from js import document
        def f(document, /, a, *js, b): document.alert, js.alert
        async def g(a, *, js=1, **document): document.alert, js.alert
        lambda js: js.alert
        """,
    "a local variable": """
        import js
        def f():
            if a:
                js = object()
            js.alert
        """,
    "a variable of a comprehension": """
        import js
        [js.alert for js in []]
        {js.alert: 1 for a in [] for js in a if js.alert}
        {1 for a, js in [] if [js.alert]}
        list(lambda: js.alert for js in [])
        """,
    "what `:=` binds in a comprehension": """
        import js
        def f():
            [js := 1 for _ in "a"]
            js.alert
        """,
    "a name of a class in its body": """
        import js
        class A:
            js = 1
            js.alert
        """,
    "an import in another function": """
        def f():
            from js import document
        def g():
            from xml.dom.minidom import document
            document.alert
        def h():
            document = 1
            document.alert
        """,
    "a parameter of the function around": """
        import js
        def f(js):
            class A:
                def g(self):
                    return [lambda: js.alert for _ in js.alert]
        """,
    "an attribute": """
        import js
        self.js.alert
        f().js.alert
        """,
    "in a branch for a page": """
        import js, sys
        if sys.platform == "emscripten" and a:
            from js import alert
            js.alert
        elif not sys.platform != "emscripten":
            js.alert
        elif sys.platform != "emscripten" or a:
            pass
        else:
            js.alert
        """,
    "in a branch for type checkers": """
        import typing
        if typing.TYPE_CHECKING or IN_PYODIDE:
            from js import alert
            import js
        js.alert
        """,
}

REAL = {
    "behind a suite that is left early": """
        from contextlib import suppress
        import js
        with suppress(Exception):
            f()
            js = None
        js.alert
        """,
    "in the end of a suite": """
        import js
        try:
            f()
            js = None
        finally:
            js.alert
        """,
    "by a class in a function": """
        import js
        def f(js):
            class C:
                global js
                js.alert
        """,
    "at once": "import js\njs.alert",
    "by another name": "import js as page\njs = 1\npage.alert",
    "by its own name": "from js import alert",
    "by another name of its own": "from js import document as d\nd.alert = 1",
    "deep in an expression": "import js\n[f(*{1: -(yield_.b(js.alert.x().y))})]",
    "in a sum": "import js\nx = " + "1 + " * 900 + "js.alert",
    "behind many branches": "import js\nif a: pass\n"
    + "elif b: pass\n" * 900
    + "else: js.alert",
    "before it is bound to something else": """
        import js
        js = js.alert
        """,
    "beside a value for where it is missing": """
        try:
            import js
        except ImportError:
            js = None
        if js is not None:
            js.alert
        """,
    "beside a value before": """
        js = None
        try:
            import js
            f()
            js = 1
        except OSError:
            js.alert
        """,
    "in a branch for other places": """
        import js, sys
        if sys.platform == "emscripten":
            pass
        elif sys.platform == "linux":
            js = 1
        elif a and not TYPE_CHECKING:
            js.alert
        """,
    "after a branch for a page": """
        import js, sys
        if sys.platform != "emscripten" and not TYPE_CHECKING: pass
        else: js = 1
        js.alert
        """,
    "after a branch": """
        import js
        if a:
            js = object()
        js.alert
        """,
    "after a case": """
        import js
        match a:
            case 1: js = object()
        js.alert
        """,
    "after a loop": """
        import js
        for js in []: pass
        js.alert
        """,
    "in the next round of a loop": """
        js = None
        for _ in range(2):
            while True:
                if js: js.alert
            import js
        """,
    "after another variable of a comprehension": """
        import js
        [js for js in []]
        js.alert
        """,
    "in the first iterable of a comprehension": """
        import js
        class A:
            [js for js in js.alert]
        """,
    "in a default": """
        import js
        def f(js=js.alert): pass
        """,
    "in a decorator": """
        import js
        @js.alert
        class js: pass
        """,
    "in a method beside a name of the class": """
        import js
        class A:
            js = 1
            def f(self): js.alert
        """,
    "in a function before the import": """
        def f(): js.alert
        import js
        """,
    "in a function before it is bound to something else": """
        import js
        def f(): js.alert
        f()
        js = object()
        """,
    "in a function inside a function": """
        def f():
            import js
            def g():
                return lambda: [js.alert for _ in "a"]
        """,
    "by a global name": """
        js = None
        def g(): js.alert
        def f(js):
            def inner():
                global js
                import js
        """,
    "by a nonlocal name": """
        def f():
            js = None
            def g(): js.alert
            def h():
                nonlocal js
                import js
        """,
    "by a global name behind a local one": """
        import js
        def f(js):
            def g():
                global js
                js.alert
        """,
    "beside another in another function": """
        def f():
            from js import document
            document.alert
        def g(document): document.other
        """,
    "in a class": """
        class A:
            import js
            js.alert
        """,
}


@pytest.mark.parametrize("source", OTHERS.values(), ids=OTHERS)
def test_a_name_that_means_something_else_is_not_the_pages(source: str) -> None:
    assert used(source) == set()


@pytest.mark.parametrize("source", REAL.values(), ids=REAL)
def test_a_name_that_may_mean_the_pages_is_found(source: str) -> None:
    found = used(source)
    assert found and all("alert" in name for name in found)
