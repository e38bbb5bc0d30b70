// The isolation of initialisers that are there to be refused.
// SPDX-License-Identifier: Apache-2.0

/// The isolation of initialisers that take a closure whose result does not convert to Python.
///
/// For the compiler alone: a program never writes its name. No code runs on this actor, so a call of
/// such an initialiser is a compile error, also behind a `try` that stands there for something else.
@globalActor
public actor UnconvertibleResult {
    /// The shared instance.
    public static let shared = UnconvertibleResult()

    private init() {}
}
