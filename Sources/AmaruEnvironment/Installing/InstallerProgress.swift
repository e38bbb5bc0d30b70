// What of an installer's lines is news to a user.
// SPDX-License-Identifier: Apache-2.0

/// The steps of an installation, in the words of pip or uv.
///
/// Errors are left out: the installation throws them.
enum InstallerProgress {
    private static let words: Set<String> = [
        // pip
        "Looking", "Collecting", "Downloading", "Processing", "Building", "Installing",
        "Successfully", "Cloning", "Found", "Requirement",
        // uv
        "Using", "Creating", "Resolved", "Downloaded", "Built", "Prepared", "Installed",
        "Uninstalled", "+", "-", "~",
    ]

    /// The step that a line tells of, if it is one.
    static func step(_ line: String) -> String? {
        let text = line.trimmed
        if text.hasPrefix("WARNING: Retrying") { return retry(text) }
        guard let word = text.split(separator: " ").first, words.contains(String(word)) else {
            return nil
        }
        return line
    }

    /// What pip says before it asks a server again, without the names of its classes.
    private static func retry(_ text: String) -> String {
        let reason = text.split(separator: "\"").dropFirst().first ?? "no answer"
        return "trying again: \(reason)"
    }
}
