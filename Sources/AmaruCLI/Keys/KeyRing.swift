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
    /// The provider of the user's settings that is asked, if any.
    let provider: ProviderKey?
    private let isUsed: Bool
    private let vault: SecretVault
    private let shared: Shared
    private let placeholder: Lock<String?>

    /// The keys that the user's settings name.
    struct Providers: Sendable {
        var all: [ProviderKey] = []
        /// The name of the one that is asked.
        var chosen: String?
        var stored: KeyFolder
    }

    /// What the rings of one process have in common.
    private struct Shared {
        let providers: Providers
        /// The variables that the user has named, each with its origin.
        let named: [KeyOption]
        /// The origin that is sent no key.
        let unused: HTTPOrigin?
        /// The placeholders of the keys that were in variables, by the origins they belong to.
        let made: [String: [HTTPOrigin: String]]
    }

    private var stored: KeyFolder { shared.providers.stored }

    /// Takes the keys out of the environment.
    ///
    /// - `baseURL`: The base URL that is asked, if one is named.
    /// - `isUsed`: Whether the base URL's server is sent a key at all.
    /// - Throws: `ValidationError` that says which option or variable is wrong.
    init(
        named: [KeyOption],
        baseURL: String?,
        isUsed: Bool,
        providers: Providers,
        vault: SecretVault
    ) throws {
        self.vault = vault
        self.isUsed = isUsed
        let standard = try HTTPOrigin(parsing: Self.defaultBaseURL)
        let origin = try baseURL.map { try HTTPOrigin(parsing: $0) } ?? standard
        self.origin = origin
        provider = providers.all.first { $0.name == providers.chosen }
        var options = named
        if !named.contains(where: { $0.variable == Self.defaultVariable }) {
            // Its key is not the base URL's if another variable, or a provider, is named for that.
            let owner = named.isEmpty && isUsed && provider == nil ? origin : standard
            options.append(KeyOption(variable: Self.defaultVariable, origin: owner))
        }
        if let variable = provider?.variable {
            let option = KeyOption(variable: variable, origin: provider?.origin)
            options.insert(option, at: named.count)
        }
        // Also those that are not asked: a script may, and they are no one else's to read.
        options += providers.all.compactMap { other in
            other.variable.map { KeyOption(variable: $0, origin: other.origin) }
        }
        var taken = Taken(vault: vault)
        var (own, other): ((variable: String, made: String)?, (variable: String, made: String)?)
        for (index, option) in options.enumerated() {
            let owner = option.origin ?? origin
            guard let made = try taken.placeholder(of: option.variable, for: owner) else {
                guard index < named.count else { continue }
                throw ValidationError(
                    "--key-env \(option.variable): the variable is not set. "
                        + "Set it, or name another one."
                )
            }
            if owner == origin {
                own = own ?? (option.variable, made)
            } else if index < named.count {
                other = other ?? (option.variable, made)
            }
        }
        let usual = provider.map { $0.variable ?? ProviderKey.variable(for: $0.name) }
        variable = named.first?.variable ?? usual ?? Self.defaultVariable
        // A provider that has a key of its own is not sent one that another option names.
        let hasOwn = provider?.isStored(in: providers.stored) == true
        let used = isUsed ? own ?? (hasOwn ? nil : other) : nil
        source = used?.variable
        placeholder = Lock(used?.made)
        shared = Shared(
            providers: providers,
            named: named.map { KeyOption(variable: $0.variable, origin: $0.origin ?? origin) },
            unused: isUsed ? nil : origin,
            made: taken.made
        )
    }

    /// Finds the key for another server or provider among those that were taken at the start.
    ///
    /// - Throws: `HTTPOriginError` if the base URL is not one.
    private init(_ former: KeyRing, for choice: ModelChoice) throws {
        (vault, shared) = (former.vault, former.shared)
        let origin = try HTTPOrigin(parsing: choice.baseURL ?? Self.defaultBaseURL)
        self.origin = origin
        provider = shared.providers.all.first { $0.name == choice.provider }
        isUsed = shared.unused != origin
        let named = shared.named.filter { $0.origin == origin }.map(\.variable)
        let usual = provider.map { $0.variable ?? ProviderKey.variable(for: $0.name) }
        variable = named.first ?? usual ?? Self.defaultVariable
        let own = named + [provider.map(\.variable) ?? Self.defaultVariable].compactMap(\.self)
        source = isUsed ? own.first { [shared] in shared.made[$0]?[origin] != nil } : nil
        placeholder = Lock(source.flatMap { [shared] in shared.made[$0]?[origin] })
    }

    /// The keys of what a chat asks from now on.
    ///
    /// - Throws: As the initializer.
    func switched(to choice: ModelChoice) throws -> KeyRing { try KeyRing(self, for: choice) }

    /// The keys that were in variables.
    private struct Taken {
        let vault: SecretVault
        private var keys: [String: String?] = [:]
        private(set) var made: [String: [HTTPOrigin: String]] = [:]

        init(vault: SecretVault) { self.vault = vault }

        /// The placeholder of a variable's key for an origin; nil if the variable has no key.
        ///
        /// The first one stands in the variable: it is that of the option, or of what is asked.
        mutating func placeholder(
            of variable: String,
            for owner: HTTPOrigin
        ) throws -> String? {
            if let known = made[variable]?[owner] { return known }
            if keys[variable] == nil { keys[variable] = .some(try KeyRing.key(in: variable)) }
            guard case .some(.some(let key)) = keys[variable] else { return nil }
            ProcessSecrets.forbidDumps()
            let placeholder = vault.add(key, for: owner)
            if made[variable] == nil { setenv(variable, placeholder, 1) }
            made[variable, default: [:]][owner] = placeholder
            return placeholder
        }
    }

    /// Takes a key out of the environment; one that no server could accept is refused.
    private static func key(in variable: String) throws -> String? {
        guard let value = ProcessSecrets.take(variable) else { return nil }
        return try valid(value, from: "the variable \(variable)")
    }

    /// A key without blanks around it; nil if nothing is left.
    static func valid(_ text: String, from source: String) throws -> String? {
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

    /// Whether a key for the base URL is there, or can be had without asking the user.
    var hasKey: Bool {
        known != nil || isUsed && provider?.isStored(in: stored) == true
    }

    /// The placeholder if there is a key, without asking.
    var known: String? { placeholder.withLock { $0 } }

    /// Gets the key from the user's settings, if it is not in a variable.
    ///
    /// - Throws: What `ProviderKey.read` throws; `ValidationError` for what cannot be a key.
    func load(variables: [String: String], runningCommands: Bool = true) async throws {
        guard known == nil, isUsed, let provider,
            runningCommands || provider.source?.isCommand != true,
            let text = try await provider.read(stored, variables: variables),
            let key = try Self.valid(text, from: "the settings of \(provider.name)")
        else { return }
        ProcessSecrets.forbidDumps()
        add(key, for: origin)
    }

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
        if known != nil, !destination.isSecure, !destination.isLoopback {
            throw ValidationError(
                "The key \(source.map { "in \($0)" } ?? "of \(origin)") is not sent to "
                    + "\(destination), since the connection is not encrypted. Use https, or "
                    + "--no-key if the server needs no key."
            )
        }
        guard isAsked else { return }
        let remedy = "Start again, or set the variable \(variable)."
        let answer: String
        do {
            answer = try await terminal("Key for \(origin) (hidden; or set \(variable)): ")
        } catch HiddenPrompt.Failure.noTerminal {
            throw ValidationError(missing)
        } catch HiddenPrompt.Failure.endOfInput {
            throw ValidationError("No key for \(origin) was entered. \(remedy)")
        }
        guard let key = try Self.valid(answer, from: "your answer") else {
            throw ValidationError("The key for \(origin) that was entered is empty. \(remedy)")
        }
        ProcessSecrets.forbidDumps()
        add(key, for: origin)
    }

    /// Whether the user must be asked for the key.
    var isAsked: Bool {
        guard known == nil, isUsed else { return false }
        switch provider?.source {
        case .unneeded: return false
        case .prompt: return true
        default: return origin.isSecure && !origin.isLoopback
        }
    }

    /// What is said where a key is needed and nobody can be asked.
    var missing: String {
        let storing = provider.map { "run amaru keys set \($0.name), " } ?? ""
        return "There is no key for \(origin): set the variable \(variable), \(storing)name "
            + "another one with --key-env, or another server with --base-url; --no-key if the "
            + "server needs none."
    }

    /// Whether a text holds one of the keys.
    func isSecret(_ text: String) -> Bool { vault.holdsKey(text) }

    /// Adds the key of a server that the program itself starts; it is the one to use.
    func add(_ key: String, for origin: HTTPOrigin) {
        let made = vault.add(key, for: origin)
        placeholder.withLock { $0 = made }
    }
}
