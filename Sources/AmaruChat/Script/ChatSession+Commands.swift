// The slash commands of the conversation, by name.
// SPDX-License-Identifier: Apache-2.0

import Amaru

extension ChatSession {
    /// The names of the slash commands that the script has, without their slash; none while Python
    /// starts or is busy with something else.
    public func commandNames() async -> [String] {
        guard Python.isRunning, isSettled else { return [] }
        return (try? await Self.call("command_names") as [String]) ?? []
    }
}
