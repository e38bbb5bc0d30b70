// The options of a chat that begins with a template.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct TemplateOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: "A template of the folder that amaru templates path names.",
        completion: .custom { _, _, _ in TemplateFolder(UserSettings()).names }
    )
    var template: String?

    @Option(
        name: [.customShort("p"), .long],
        help: ArgumentHelp(
            "The value of a variable of the template. Repeatable.",
            valueName: "name=value"
        )
    )
    var param: [String] = []

    mutating func validate() throws {
        if template == nil, let first = param.first {
            throw ValidationError(
                "--param \(first): there is no template: name one with --template."
            )
        }
        _ = try values()
    }

    /// The template, with values in place of its variables; nil if none is named.
    ///
    /// - Throws: `ValidationError`, `SettingsError`.
    func filled() async throws -> Template? {
        guard let template else { return nil }
        let found = try await TemplateFolder(UserSettings()).template(template)
        return try found.filled(try values(), of: template)
    }

    private func values() throws -> [String: String] {
        var values: [String: String] = [:]
        for word in param {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw ValidationError("--param \(word): write NAME=VALUE.")
            }
            values[String(parts[0])] = String(parts[1])
        }
        return values
    }
}
