// The part of exported functions that is simpler in Python than through the C API.
// SPDX-License-Identifier: Apache-2.0

/// A part of the source of the module `_amaru_runtime`.
let signatureRuntimeSource = #"""
    # Signatures of exported functions

    def literal_or_dots(value):
        """How a default is written: as a literal where it is one, as inspect demands."""
        text = repr(value)
        try:
            if ast.literal_eval(text) == value:
                return text
        except Exception:
            pass
        return "..."


    @functools.lru_cache(maxsize=256)
    def function_of_shape(name, parameters):
        """A function that takes the same arguments, to let Python say what is wrong with a call."""
        namespace = {}
        exec(f"def shape({parameters}): pass", namespace)
        shape = namespace["shape"]
        shape.__name__, shape.__qualname__ = name.rpartition(".")[2], name
        return shape
    """#
