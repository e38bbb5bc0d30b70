// The Python side of exceptions: making them and their classes.
// SPDX-License-Identifier: Apache-2.0

/// The part of the module `_amaru_runtime` that makes exceptions.
let errorsRuntimeSource = #"""
    def find_class(name):
        module, _, name = name.rpartition(".")
        found = getattr(importlib.import_module(module or "builtins"), name)
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
