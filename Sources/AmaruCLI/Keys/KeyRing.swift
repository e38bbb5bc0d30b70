// The keys of this run: taken from the environment, kept in the vault.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import ArgumentParser

/// Holds placeholders of keys, by origin; the keys themselves are in the vault.
///
/// Made before Python and any child exist: the variables are gone from the environment then, and
/// from the block that `/proc/self/environ` shows.
final class KeyRing: Sendable {
    static let defaultVariable = "OPENAI_API_KEY"
    static let defaultBaseURL = "https://api.openai.com/v1"

    /// The origin of the base URL, which a key belongs to where no other is named.
    let origin: HTTPOrigin
    /// The variable that the user may set for that origin.
    let variable: String
    private let vault: SecretVault
    private let placeholder: LockedValue<String?>

    init(options: ChatOptions, vault: SecretVault) throws {
        self.vault = vault
        do {
            origin = try HTTPOrigin(parsing: options.baseURL ?? Self.defaultBaseURL)
        } catch {
            throw ValidationError("--base-url: \(error)")
        }
        var named = options.keyEnv
        let isNamed = !named.isEmpty
        if !isNamed { named = [try KeyOption(parsing: Self.defaultVariable)] }
        var first: String?
        for option in named {
            let owner = try option.origin.map { try HTTPOrigin(parsing: $0) } ?? origin
            guard let key = ProcessSecrets.take(option.variable), !key.isEmpty else {
                guard isNamed else { continue }
                throw ValidationError(
                    "--key-env \(option.variable): the variable is not set. "
                        + "Set it, or name another one."
                )
            }
            let made = vault.add(key, for: owner)
            if owner == origin || first == nil { first = made }
        }
        variable = named[0].variable
        placeholder = LockedValue(first)
    }

    /// Whether a key for the base URL is there.
    var hasKey: Bool { placeholder.withLock { $0 != nil } }

    /// The placeholder of the key, asking for the key on a terminal where there is none.
    ///
    /// - Throws: `ValidationError` that names the variable, where nobody can be asked.
    func placeholder(asking ask: (String) async throws -> String) async throws -> String {
        if let known = placeholder.withLock({ $0 }) { return known }
        let key: String
        do {
            key = try await ask("Key for \(origin) (hidden; or set \(variable)): ")
        } catch HiddenPrompt.Failure.noTerminal {
            throw ValidationError(
                "There is no key for \(origin): set the variable \(variable), or name another "
                    + "one with --key-env."
            )
        } catch HiddenPrompt.Failure.endOfInput {
            throw ValidationError(
                "No key for \(origin) was entered. Start again, or set the variable \(variable)."
            )
        }
        guard !key.isEmpty else {
            throw ValidationError(
                "The key for \(origin) that was entered is empty. Start again, or set the "
                    + "variable \(variable)."
            )
        }
        let made = vault.add(key, for: origin)
        placeholder.withLock { $0 = made }
        return made
    }

    /// The placeholder if there is a key, without asking.
    var known: String? { placeholder.withLock { $0 } }

    /// Adds a key that the program itself made, such as that of the model on this machine.
    func add(_ key: String, for origin: HTTPOrigin) -> String { vault.add(key, for: origin) }
}
