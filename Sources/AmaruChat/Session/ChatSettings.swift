// What the chat script is told of how the user started it.
// SPDX-License-Identifier: Apache-2.0

/// The settings that a chat script can read.
public struct ChatSettings: Sendable, Equatable {
    /// The model's name.
    public var model: String
    /// The base URL of the OpenAI-compatible server.
    public var baseURL: String
    /// The system prompt; may be empty.
    public var system: String
    /// The placeholder that stands for the key; never the key itself.
    public var keyPlaceholder: String
    /// Seconds without content after which an answer counts as stalled; 0 for never.
    public var stallTimeout: Double
    /// The folder of plugin files; empty for none.
    public var plugins: String
    /// Whether the model is the small demonstration model on this machine.
    public var isLocal: Bool

    /// Creates settings.
    public init(
        model: String,
        baseURL: String,
        system: String = "",
        keyPlaceholder: String = "",
        stallTimeout: Double = 60,
        plugins: String = "",
        isLocal: Bool = false
    ) {
        self.model = model
        self.baseURL = baseURL
        self.system = system
        self.keyPlaceholder = keyPlaceholder
        self.stallTimeout = stallTimeout
        self.plugins = plugins
        self.isLocal = isLocal
    }

    /// As the script reads them.
    var dictionary: [String: String] {
        [
            "model": model, "base_url": baseURL, "system": system, "api_key": keyPlaceholder,
            "stall_timeout": String(stallTimeout), "plugins": plugins, "local": isLocal ? "1" : "",
        ]
    }
}
