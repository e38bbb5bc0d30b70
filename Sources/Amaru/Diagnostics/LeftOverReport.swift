// The report of what is left when Python ends.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// Gives the handler of the configuration what still lives, after all else has ended.
enum LeftOverReport {
    @PythonActor
    static func deliver() {
        guard amaru_counting() != 0, let handler = Interpreter.configuration.onLeftOverObjects
        else { return }
        // Neither what waits to be released nor garbage in cycles is left over.
        ReleaseQueue.drain()
        PyGC_Collect()
        guard let left = try? Python.liveObjects() else { return }
        handler(left)
    }
}
