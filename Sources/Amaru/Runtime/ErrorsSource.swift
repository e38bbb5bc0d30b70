// The Python side of exceptions: their text, making them and their classes.
// SPDX-License-Identifier: Apache-2.0

extension Runtime.Part {
    /// The text of exceptions; making exceptions and their classes.
    static let errors = Runtime.Part("errors") {
        #"""
        def _clean(text):
            return text.encode("utf-8", "backslashreplace").decode("utf-8")


        def _without_own_frames(report, seen):
            if report is None or id(report) in seen:
                return
            seen.add(id(report))
            report.stack[:] = [f for f in report.stack if f.filename != "<amaru>"]
            _without_own_frames(report.__cause__, seen)
            _without_own_frames(report.__context__, seen)
            for member in getattr(report, "exceptions", None) or ():
                _without_own_frames(member, seen)


        def format_exception(exc):
            import traceback
            report = traceback.TracebackException(type(exc), exc, exc.__traceback__, compact=True)
            _without_own_frames(report, set())
            return _clean("".join(report.format()))


        def find_class(name):
            from importlib import import_module
            module, _, name = name.rpartition(".")
            found = getattr(import_module(module or "builtins"), name)
            if not (isinstance(found, type) and issubclass(found, BaseException)):
                raise TypeError(f"{name} is no exception class")
            return found


        def make_exception(type_name, arguments):
            return find_class(type_name)(*arguments)


        def make_group(message, exceptions):
            # An ExceptionGroup, where each of them is an Exception.
            return BaseExceptionGroup(message, exceptions)


        class _Attributes:
            """The attributes of an exception, as `str.format_map` looks them up."""

            def __init__(self, exception):
                self._exception = exception

            def __getitem__(self, name):
                return getattr(self._exception, name)


        def _argument(name, index):
            def argument(self):
                try:
                    return self.args[index]
                except IndexError:
                    message = f"{type(self).__name__} was made without the argument {name!r}"
                    raise AttributeError(message, name=name, obj=self) from None

            return property(argument)


        def make_exception_class(module, name, documentation, bases, attributes, text, arrival):
            namespace = {"__module__": module, "__qualname__": name, "__doc__": documentation}
            for index, attribute in enumerate(attributes):
                if not attribute.isidentifier():
                    raise ValueError(f"{name}: {attribute!r} is no name for an attribute")
                namespace[attribute] = _argument(attribute, index)
            if text is not None:

                def __str__(self):
                    try:
                        return text.format_map(_Attributes(self))
                    except AttributeError:
                        return BaseException.__str__(self)

                namespace["__str__"] = __str__
            if arrival is not None:
                namespace["__swift_arrival__"] = arrival
            return type(name, tuple(bases) or (Exception,), namespace)
        """#
    }
}
