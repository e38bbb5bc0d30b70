// The part of the exported classes that is simpler in Python.
// SPDX-License-Identifier: Apache-2.0

/// A part of the module `_amaru_runtime`.
let classesRuntimeSource = #"""
    import copyreg


    def reduce_instance(instance, state):
        """What `__reduce__` of an exported class gives."""
        attributes = getattr(instance, "__dict__", None)
        return copyreg.__newobj__, (type(instance),), (state, attributes)


    def restore_attributes(instance, attributes):
        if attributes:
            instance.__dict__.update(attributes)
    """#
