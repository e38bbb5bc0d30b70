// The exception classes that are always there, by name.
// SPDX-License-Identifier: Apache-2.0

/// https://docs.python.org/3/library/exceptions.html
extension PythonExceptionClass {
    /// The class `BaseException`.
    public static var baseException: Self { named("BaseException") }
    /// The class `Exception`.
    public static var exception: Self { named("Exception") }
    /// The class `ArithmeticError`.
    public static var arithmeticError: Self { named("ArithmeticError") }
    /// The class `AssertionError`.
    public static var assertionError: Self { named("AssertionError") }
    /// The class `AttributeError`.
    public static var attributeError: Self { named("AttributeError") }
    /// The class `BlockingIOError`.
    public static var blockingIOError: Self { named("BlockingIOError") }
    /// The class `BrokenPipeError`.
    public static var brokenPipeError: Self { named("BrokenPipeError") }
    /// The class `BufferError`.
    public static var bufferError: Self { named("BufferError") }
    /// The class `ChildProcessError`.
    public static var childProcessError: Self { named("ChildProcessError") }
    /// The class `ConnectionAbortedError`.
    public static var connectionAbortedError: Self { named("ConnectionAbortedError") }
    /// The class `ConnectionError`.
    public static var connectionError: Self { named("ConnectionError") }
    /// The class `ConnectionRefusedError`.
    public static var connectionRefusedError: Self { named("ConnectionRefusedError") }
    /// The class `ConnectionResetError`.
    public static var connectionResetError: Self { named("ConnectionResetError") }
    /// The class `EOFError`.
    public static var eofError: Self { named("EOFError") }
    /// The class `FileExistsError`.
    public static var fileExistsError: Self { named("FileExistsError") }
    /// The class `FileNotFoundError`.
    public static var fileNotFoundError: Self { named("FileNotFoundError") }
    /// The class `FloatingPointError`.
    public static var floatingPointError: Self { named("FloatingPointError") }
    /// The class `GeneratorExit`.
    public static var generatorExit: Self { named("GeneratorExit") }
    /// The class `ImportError`.
    public static var importError: Self { named("ImportError") }
    /// The class `IndentationError`.
    public static var indentationError: Self { named("IndentationError") }
    /// The class `IndexError`.
    public static var indexError: Self { named("IndexError") }
    /// The class `InterruptedError`.
    public static var interruptedError: Self { named("InterruptedError") }
    /// The class `IsADirectoryError`.
    public static var isADirectoryError: Self { named("IsADirectoryError") }
    /// The class `KeyError`.
    public static var keyError: Self { named("KeyError") }
    /// The class `KeyboardInterrupt`.
    public static var keyboardInterrupt: Self { named("KeyboardInterrupt") }
    /// The class `LookupError`.
    public static var lookupError: Self { named("LookupError") }
    /// The class `MemoryError`.
    public static var memoryError: Self { named("MemoryError") }
    /// The class `ModuleNotFoundError`.
    public static var moduleNotFoundError: Self { named("ModuleNotFoundError") }
    /// The class `NameError`.
    public static var nameError: Self { named("NameError") }
    /// The class `NotADirectoryError`.
    public static var notADirectoryError: Self { named("NotADirectoryError") }
    /// The class `NotImplementedError`.
    public static var notImplementedError: Self { named("NotImplementedError") }
    /// The class `OSError`.
    public static var osError: Self { named("OSError") }
    /// The class `OverflowError`.
    public static var overflowError: Self { named("OverflowError") }
    /// The class `PermissionError`.
    public static var permissionError: Self { named("PermissionError") }
    /// The class `ProcessLookupError`.
    public static var processLookupError: Self { named("ProcessLookupError") }
    /// The class `RecursionError`.
    public static var recursionError: Self { named("RecursionError") }
    /// The class `ReferenceError`.
    public static var referenceError: Self { named("ReferenceError") }
    /// The class `RuntimeError`.
    public static var runtimeError: Self { named("RuntimeError") }
    /// The class `StopAsyncIteration`.
    public static var stopAsyncIteration: Self { named("StopAsyncIteration") }
    /// The class `StopIteration`.
    public static var stopIteration: Self { named("StopIteration") }
    /// The class `SyntaxError`.
    public static var syntaxError: Self { named("SyntaxError") }
    /// The class `SystemError`.
    public static var systemError: Self { named("SystemError") }
    /// The class `SystemExit`.
    public static var systemExit: Self { named("SystemExit") }
    /// The class `TabError`.
    public static var tabError: Self { named("TabError") }
    /// The class `TimeoutError`.
    public static var timeoutError: Self { named("TimeoutError") }
    /// The class `TypeError`.
    public static var typeError: Self { named("TypeError") }
    /// The class `UnboundLocalError`.
    public static var unboundLocalError: Self { named("UnboundLocalError") }
    /// The class `UnicodeDecodeError`.
    public static var unicodeDecodeError: Self { named("UnicodeDecodeError") }
    /// The class `UnicodeEncodeError`.
    public static var unicodeEncodeError: Self { named("UnicodeEncodeError") }
    /// The class `UnicodeError`.
    public static var unicodeError: Self { named("UnicodeError") }
    /// The class `UnicodeTranslateError`.
    public static var unicodeTranslateError: Self { named("UnicodeTranslateError") }
    /// The class `ValueError`.
    public static var valueError: Self { named("ValueError") }
    /// The class `Warning`.
    public static var warning: Self { named("Warning") }
    /// The class `ZeroDivisionError`.
    public static var zeroDivisionError: Self { named("ZeroDivisionError") }
    /// The class `BaseExceptionGroup`.
    public static var baseExceptionGroup: Self { named("BaseExceptionGroup") }
    /// The class `ExceptionGroup`.
    public static var exceptionGroup: Self { named("ExceptionGroup") }
    /// The class `asyncio.CancelledError`; where a task is awaited it is `CancellationError`.
    public static var cancelledError: Self { named("asyncio.exceptions.CancelledError") }
}
