// A prompt that is used again, with variables.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A prompt with `$variables`, perhaps with a system prompt, a model and options.
///
/// `templates/NAME.txt` is the prompt alone; `templates/NAME.toml` has keys:
///
/// ```toml
/// system = "You translate into $language."
/// prompt = "Translate: $input"
/// defaults = { language = "Quechua" }
/// ```
struct Template: Codable, Equatable, Sendable {
    var prompt: String?
    var system: String?
    var model: String?
    /// Further fields of the request; the values are JSON texts.
    var options: [String: String]?
    var defaults: [String: String]?

    /// The variable that stands for what the user says.
    static let input = "input"

    /// Whether the prompt says where the user's text goes; otherwise that follows it.
    var takesInput: Bool { prompt.map { Self.variables(in: $0).contains(Self.input) } ?? false }

    /// Puts values in place of the variables, except for the user's text.
    ///
    /// - Throws: `ValidationError` that names a variable without a value, or a value without one.
    func filled(_ values: [String: String], of name: String) throws -> Template {
        let texts = [prompt, system].compactMap(\.self)
        let known = Set(texts.flatMap(Self.variables))
        if let stray = values.keys.sorted().first(where: { !known.contains($0) }) {
            throw ValidationError(
                "--param \(stray): the template \(name) has no variable \(stray)."
            )
        }
        var all = defaults ?? [:]
        all.merge(values) { _, own in own }
        let missing = known.subtracting(all.keys).subtracting([Self.input]).sorted()
        guard missing.isEmpty else {
            let options = missing.map { "-p \($0)=…" }.joined(separator: " ")
            throw ValidationError("The template \(name) needs more: add \(options)")
        }
        var made = self
        made.prompt = prompt.map { Self.replacing($0, all) }
        made.system = system.map { Self.replacing($0, all) }
        return made
    }

    /// The prompt with the user's text in it.
    func prompt(with input: String) -> String {
        Self.replacing(prompt ?? "", [Self.input: input], isLast: true)
    }

    private static func variables(in text: String) -> [String] {
        text.matches(of: pattern).compactMap { ($0.1 ?? $0.2).map(String.init) }
    }

    /// Replaces the variables that have values; `$$` stands for a dollar once all have.
    private static func replacing(
        _ text: String,
        _ values: [String: String],
        isLast: Bool = false
    ) -> String {
        text.replacing(pattern) { match in
            guard let name = match.1 ?? match.2 else { return isLast ? "$" : "$$" }
            // What a value says is not looked into again.
            let value = values[String(name)]
            return value.map { isLast ? $0 : $0.replacing("$", with: "$$") } ?? String(match.0)
        }
    }

    private static var pattern: Regex<(Substring, Substring?, Substring?)> {
        /\$(?:\$|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})/
    }
}

/// The folder of templates.
struct TemplateFolder: Sendable {
    let url: URL
    let cacheFolder: URL

    init(_ settings: UserSettings) {
        url = settings.folder.appending(path: "templates")
        cacheFolder = settings.cacheFolder
    }

    private static let endings = [".toml", ".txt"]

    /// The names of all templates.
    var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        let names = files.compactMap { file in
            Self.endings.first { file.hasSuffix($0) }.map { String(file.dropLast($0.count)) }
        }
        return Set(names).filter { !$0.isEmpty && !$0.hasPrefix(".") }.sorted()
    }

    /// The file of a template; nil if it is missing.
    func path(of name: String) -> String? {
        guard !name.contains("/") else { return nil }
        return Self.endings.map { url.appending(path: name + $0).path }
            .first { FileManager.default.fileExists(atPath: $0) }
    }

    /// Reads a template.
    ///
    /// - Throws: `ValidationError` that names similar ones if the template is missing; `SettingsError`.
    func template(_ name: String) async throws -> Template {
        guard let path = path(of: name) else {
            let near = NearMiss.names(near: name, among: names).first
            let hint = near.map { "did you mean \($0)?" } ?? "amaru templates lists them."
            throw ValidationError("There is no template \(name) in \(url.path): \(hint)")
        }
        if path.hasSuffix(".toml") {
            let file = SettingsFile<Template>(
                kind: "template",
                path: path,
                cacheFolder: cacheFolder
            )
            return try await file.read() ?? Template()
        }
        guard let bytes = try? RegularFile(path).contents(atMost: 1 << 20),
            let text = String(validating: bytes, as: UTF8.self)
        else {
            throw ValidationError("\(path) is not a text of at most 1 MiB: write it in UTF-8.")
        }
        return Template(prompt: text)
    }
}
