// The part of exported functions that is simpler in Python than through the C API.
// SPDX-License-Identifier: Apache-2.0

extension Runtime.Part {
    /// Defaults of parameters, and the messages of calls that do not fit.
    static let signatures = Runtime.Part("signatures") {
        #"""
        def literal_or_dots(value):
            """How a default is written: as a literal if it is one, as inspect demands."""
            return repr(value) if _is_literal(value) else "..."


        def _is_literal(value):
            kind = type(value)
            if kind is float or kind is complex:
                # Not infinities and NaN, which have no literal.
                return value - value == 0
            if kind is tuple or kind is list or kind is set:
                return all(map(_is_literal, value))
            if kind is dict:
                return all(map(_is_literal, value)) and all(map(_is_literal, value.values()))
            return value is None or kind in (bool, int, str, bytes)


        _shapes = {}


        def function_of_shape(name, parameters):
            """A function that takes the same arguments, to let Python say what is wrong with a call."""
            shape = _shapes.get((name, parameters))
            if shape is None:
                namespace = {}
                exec(f"def shape({parameters}): pass", namespace)
                shape = namespace["shape"]
                shape.__name__, shape.__qualname__ = name.rpartition(".")[2], name
                if len(_shapes) >= 256:
                    _shapes.clear()
                _shapes[name, parameters] = shape
            return shape
        """#
    }
}
