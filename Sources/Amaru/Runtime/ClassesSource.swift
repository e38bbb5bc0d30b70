// The part of the exported classes that is simpler in Python.
// SPDX-License-Identifier: Apache-2.0

extension Runtime.Part {
    /// Copying and pickling instances of exported classes.
    static let classes = Runtime.Part("classes") {
        #"""
        def reduce_instance(instance, state):
            """What `__reduce__` of an exported class returns."""
            import copyreg
            attributes = getattr(instance, "__dict__", None)
            return copyreg.__newobj__, (type(instance),), (state, attributes)


        def restore_attributes(instance, attributes):
            if attributes:
                instance.__dict__.update(attributes)
        """#
    }
}
