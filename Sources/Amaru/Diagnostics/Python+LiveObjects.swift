// The look at what lives.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

extension Python {
    /// Counts what Swift holds of Python and Python of Swift, by type.
    ///
    /// On the Python thread, and only where ``PythonConfiguration/countsObjects`` is set. Handles
    /// that were made before Python had started are not among them; code that is kept because its
    /// source was made at run time is, as `code`.
    ///
    /// - Throws: ``AmaruError`` with the code ``AmaruError/Code/notCounting`` where the
    ///   configuration does not ask for it.
    @PythonActor
    public static func liveObjects() throws -> PythonLiveObjects {
        try Interpreter.requireRunning()
        guard amaru_counting() != 0 else {
            throw AmaruError(
                .notCounting,
                "Objects are not counted: start Python with PythonConfiguration(countsObjects: "
                    + "true)."
            )
        }
        return PythonLiveObjects(
            handles: LiveHandles.countsByType,
            instances: InstanceIdentity.countsByType
        )
    }
}
