// The Python side of decoding: what an object has in it.
// SPDX-License-Identifier: Apache-2.0

extension Runtime.Part {
    /// The fields and items of objects; a function returns a str if there is nothing to decode.
    static let coding = Runtime.Part("coding") {
        #"""
        from _collections_abc import Mapping

        _VALUES = (
            type(None), str, int, float, complex,
            bytes, bytearray, memoryview, list, set, frozenset)


        def fields_of(value):
            """A dict of a mapping; an object of attributes as it is."""
            if isinstance(value, Mapping):
                return dict(value)
            is_plain_tuple = isinstance(value, tuple) and not hasattr(value, "_fields")
            if isinstance(value, _VALUES) or is_plain_tuple:
                return f"expected dict, found {type(value).__name__}"
            return value


        def names_of_fields(value):
            if isinstance(value, dict):
                return list(value)
            cls = type(value)
            for known in ("__dataclass_fields__", "model_fields", "_fields", "__struct_fields__"):
                names = getattr(cls, known, None)
                if names is not None:
                    return [name for name in names if hasattr(value, name)]
            names = list(getattr(value, "__dict__", ()))
            for base in reversed(cls.__mro__):
                slots = base.__dict__.get("__slots__", ())
                names += [slots] if isinstance(slots, str) else slots
            return [name for name in names if not name.startswith("_") and hasattr(value, name)]


        def items_of(value):
            refused = (str, bytes, bytearray, memoryview, Mapping)
            is_sized = hasattr(value, "__len__") and hasattr(value, "__iter__")
            if isinstance(value, refused) or not is_sized:
                return f"expected list, found {type(value).__name__}"
            return tuple(value)
        """#
    }
}
