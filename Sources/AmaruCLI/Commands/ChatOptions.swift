// The options that `amaru` and `amaru run` share.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruHTTP
import ArgumentParser

struct ChatOptions: ParsableArguments {
    @Option(
        help: """
            The model to ask: its name, PROVIDER/MODEL, or an alias of the settings (amaru config).
            """,
        completion: .custom(ModelCompletion.words)
    )
    var model: String?

    @Option(help: "The base URL of an OpenAI-compatible server, such as http://localhost:11434/v1.")
    var baseURL: String?

    @Option(name: [.short, .long], help: "The system prompt, or @FILE for what a file holds.")
    var system: String?

    @Option(
        help: """
            The environment variable that holds the key, and the origin that the key belongs to \
            (default: that of --base-url, else https://api.openai.com). Repeat it for more keys.
            """,
        transform: KeyOption.init(parsing:)
    )
    var keyEnv: [KeyOption] = []

    @Flag(help: "Send no key to the server of --base-url, even if a variable holds one.")
    var noKey = false

    @OptionGroup(title: "Request options") var request: RequestOptions

    @OptionGroup(title: "Network options") var network: NetworkOptions

    @OptionGroup(title: "Input options") var input: InputOptions

    @Option(help: "A Python package that the script needs, or a list of them. Repeatable.")
    var with: [String] = []

    @Option(
        help: "A file of packages that the script needs, such as requirements.txt. Repeatable.",
        completion: .file(extensions: ["txt"])
    )
    var withRequirements: [String] = []

    @Option(help: "The Python interpreter to make environments with.", completion: .file())
    var python: String?

    @Option(
        help: """
            A virtual environment to use as it is: nothing is installed into it, and what it lacks \
            is named. Without the option an active one (VIRTUAL_ENV) runs scripts that name no \
            packages of their own; those that do get an environment of their own.
            """,
        completion: .directory
    )
    var venv: String?

    @Flag(
        help: """
            Fail if the script has no lock, or one made for other packages; amaru env lock makes it.
            """
    )
    var locked = false

    @Option(
        help: "A GGUF file for the model on this machine.",
        completion: .file(extensions: ["gguf"])
    )
    var gguf: String?

    @Option(
        help: "Seconds that a script may leave a message unanswered with nothing under way."
    )
    var idleTimeout: Double = standardIdleTimeout

    @Option(help: "Seconds without new text after which an answer fails; 0 for no limit.")
    var stallTimeout: Double = standardStallTimeout

    @Flag(
        name: [.short, .long],
        help: """
            Report how long each step of the start takes, and of each answer: connection, first \
            token, tokens per second.
            """
    )
    var verbose = false

    mutating func validate() throws {
        // Durations have an end: 30 years are enough.
        let longest = 1e9
        guard idleTimeout > 0, idleTimeout <= longest, stallTimeout >= 0, stallTimeout <= longest
        else {
            throw ValidationError(
                "--idle-timeout is a number of seconds above 0, --stall-timeout one of 0 or more, "
                    + "both at most 1e9."
            )
        }
        if noKey, keyEnv.contains(where: { $0.origin == nil }) {
            throw ValidationError(
                "--no-key and --key-env NAME: give one of them, or say where the key goes with "
                    + "NAME@ORIGIN."
            )
        }
        if venv != nil, python != nil || locked {
            throw ValidationError(
                "--venv uses an environment as it is, and --python and --locked have no effect on it: "
                    + "leave one of them out."
            )
        }
        if locked, !withRequirements.isEmpty {
            throw ValidationError(
                "--locked installs what the lock names, and not what --with-requirements adds: "
                    + "leave one of them out."
            )
        }
        if gguf != nil, baseURL != nil {
            throw ValidationError(
                "--gguf runs a model here, --base-url names one elsewhere: give one of them."
            )
        }
        system = try system.map { try Self.systemPrompt($0, of: "--system") }
        baseURL = baseURL?.trimmed
        if let baseURL { try Self.check(baseURL, named: "--base-url") }
    }

    private static let systemBound = 1 << 20

    /// A system prompt as it is, or what a file holds that is named after an `@`.
    ///
    /// - `option`: What the prompt was written after.
    /// - Throws: `ValidationError`.
    static func systemPrompt(_ word: String, of option: String) throws -> String {
        guard word.first == "@", !word.contains(where: \.isWhitespace) else { return word }
        do {
            let path = String(word.dropFirst())
            let bytes = try AttachmentSource.bytes(ofFile: path, atMost: systemBound)
            return String(decoding: bytes, as: UTF8.self).trimmed
        } catch {
            throw ValidationError("\(option) @\(error); a text goes without @ at its beginning.")
        }
    }

    static func check(_ url: String, named name: String) throws {
        do {
            _ = try HTTPOrigin(parsing: url)
        } catch {
            throw ValidationError(
                "\(name) \(url): write a URL such as http://localhost:11434/v1 (\(error))"
            )
        }
        let authority = url.split(separator: "/", maxSplits: 2).dropFirst().first ?? ""
        guard !authority.prefix(while: { !"?#".contains($0) }).contains("@") else {
            throw ValidationError(
                "\(name): a user name or password in the URL is not sent: leave it out."
            )
        }
    }
}
