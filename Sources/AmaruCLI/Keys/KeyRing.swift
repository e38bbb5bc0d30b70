// The keys of this run: taken from the environment, kept in the vault.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruHTTP
import ArgumentParser

/// Holds placeholders of keys, by origin; the keys themselves are in the vault.
///
/// Made before Python and any child exist. Each variable holds the placeholder of its key from
/// then on, so that any SDK finds it; the key is gone from the environment, and from the block
/// that `/proc/self/environ` shows.
final class KeyRing: Sendable {
    static let defaultVariable = "OPENAI_API_KEY"
    static let defaultBaseURL = "https://api.openai.com/v1"

    /// The origin of the base URL, which a key belongs to when no other is named.
    let origin: HTTPOrigin
    /// The variable that the user may set for that origin.
    let variable: String
    /// The variable that the key to use was found in; nil if there was none.
    let source: String?
    private let vault: SecretVault
    private let placeholder: Lock<String?>

    /// Takes the keys out of the environment.
    ///
    /// - `baseURL`: The base URL that the user has named, if any.
    /// - `isUsed`: Whether the base URL's server is sent a key at all.
    /// - Throws: `ValidationError` that says which option or variable is wrong.
    init(named: [KeyOption], baseURL: String?, isUsed: Bool, vault: SecretVault) throws {
        self.vault = vault
        let standard = try HTTPOrigin(parsing: Self.defaultBaseURL)
        origin = try baseURL.map { try HTTPOrigin(parsing: $0) } ?? standard
        var options = named
        if !named.contains(where: { $0.variable == Self.defaultVariable }) {
            // Its key is not the base URL's if another variable is named for that.
            let owner = named.isEmpty && isUsed ? origin : standard
            options.append(KeyOption(variable: Self.defaultVariable, origin: owner))
        }
        var (own, other): ((variable: String, made: String)?, (variable: String, made: String)?)
        for (index, option) in options.enumerated() {
            let owner = option.origin ?? origin
            guard let key = try Self.key(in: option.variable) else {
                guard index < named.count else { continue }
                throw ValidationError(
                    "--key-env \(option.variable): the variable is not set. "
                        + "Set it, or name another one."
                )
            }
            ProcessSecrets.forbidDumps()
            let made = vault.add(key, for: owner)
            setenv(option.variable, made, 1)
            if owner == origin {
                own = own ?? (option.variable, made)
            } else if index < named.count {
                other = other ?? (option.variable, made)
            }
        }
        variable = options[0].variable
        let used = isUsed ? own ?? other : nil
        source = used?.variable
        placeholder = Lock(used?.made)
    }

    /// Takes a key out of the environment; one that no server could accept is refused.
    private static func key(in variable: String) throws -> String? {
        guard let value = ProcessSecrets.take(variable) else { return nil }
        return try valid(value, from: "the variable \(variable)")
    }

    /// A key without blanks around it; nil if nothing is left.
    private static func valid(_ text: String, from source: String) throws -> String? {
        let characters = text.unicodeScalars
        let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        guard
            let start = characters.firstIndex(where: { !isBlank($0) }),
            let end = characters.lastIndex(where: { !isBlank($0) })
        else { return nil }
        let key = characters[start...end]
        guard key.allSatisfy({ (0x21...0x7E).contains($0.value) }) else {
            throw ValidationError(
                "The key in \(source) holds a blank, a control character or a non-ASCII "
                    + "character, which no key has. Copy it again."
            )
        }
        return String(key)
    }

    /// Whether a key for the base URL is there.
    var hasKey: Bool { known != nil }

    /// The placeholder if there is a key, without asking.
    var known: String? { placeholder.withLock { $0 } }

    /// Asks for the key on a terminal, unless there is one, or the server may need none.
    ///
    /// A server on this machine may need none; one without TLS is never sent one.
    ///
    /// - `destination`: Where requests to the origin of the base URL go.
    /// - Throws: `ValidationError` that names the variable, if a key would go out unencrypted,
    ///   nobody can be asked, or the answer is not a key; what `terminal` throws.
    func ask(
        sentTo destination: HTTPOrigin,
        on terminal: (String) async throws -> String
    ) async throws {
        if hasKey, !destination.isSecure, !destination.isLoopback {
            throw ValidationError(
                "The key in \(variable) is not sent to \(destination), since the connection is "
                    + "not encrypted. Use https, or --no-key if the server needs no key."
            )
        }
        guard !hasKey, origin.isSecure, !origin.isLoopback else { return }
        let remedy = "Start again, or set the variable \(variable)."
        let answer: String
        do {
            answer = try await terminal("Key for \(origin) (hidden; or set \(variable)): ")
        } catch HiddenPrompt.Failure.noTerminal {
            throw ValidationError(
                "There is no key for \(origin): set the variable \(variable), name another one "
                    + "with --key-env, or another server with --base-url; --no-key if the server "
                    + "needs none."
            )
        } catch HiddenPrompt.Failure.endOfInput {
            throw ValidationError("No key for \(origin) was entered. \(remedy)")
        }
        guard let key = try Self.valid(answer, from: "your answer") else {
            throw ValidationError("The key for \(origin) that was entered is empty. \(remedy)")
        }
        ProcessSecrets.forbidDumps()
        let made = vault.add(key, for: origin)
        placeholder.withLock { $0 = made }
    }

    /// Whether a text holds one of the keys.
    func isSecret(_ text: String) -> Bool { vault.holdsKey(text) }

    /// Adds the key of a server that the program itself starts; it is the one to use.
    func add(_ key: String, for origin: HTTPOrigin) {
        let made = vault.add(key, for: origin)
        placeholder.withLock { $0 = made }
    }
}
