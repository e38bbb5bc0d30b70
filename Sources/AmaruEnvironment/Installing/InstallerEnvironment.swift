// The variables of an installer or a model server.
// SPDX-License-Identifier: Apache-2.0

/// The process's variables, reduced to what a child may see.
enum InstallerEnvironment {
    /// Variables that would send packages elsewhere or start another Python.
    ///
    /// Index, proxy and certificate settings stay: they are the user's way to reach a registry.
    private static let misleading: Set<String> = [
        "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__",
        "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIRE_VIRTUALENV",
        "PIP_PYTHON", "PIP_DRY_RUN", "PIP_NO_DEPS", "PIP_REPORT",
        "UV_PYTHON", "UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_WORKING_DIRECTORY",
        "UV_SYSTEM_PYTHON",
    ]

    /// Returns the variables without those that mislead an installer.
    static func cleaned(_ environment: [String: String]) -> [String: String] {
        var result = environment.filter { name, _ in
            !misleading.contains(name) && !name.hasPrefix("PYTHON")
        }
        // Prompts would wait for a terminal that the child doesn't own.
        result["GIT_TERMINAL_PROMPT"] = "0"
        result["PIP_NO_INPUT"] = "1"
        // Also against pip's own configuration: locks and models are made outside of environments.
        result["PIP_REQUIRE_VIRTUALENV"] = "0"
        result["PYTHONUNBUFFERED"] = "1"
        result["PYTHONUTF8"] = "1"
        return result
    }

    /// Sets uv's index to that which the user set for pip, unless uv has its own; and its log.
    static func translatedForUV(_ environment: [String: String]) -> [String: String] {
        var result = environment
        let own = ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"]
        if own.allSatisfy({ environment[$0] == nil }) {
            result["UV_DEFAULT_INDEX"] = environment["PIP_INDEX_URL"]
            result["UV_INDEX"] = environment["PIP_EXTRA_INDEX_URL"]
        }
        if environment["UV_FIND_LINKS"] == nil {
            result["UV_FIND_LINKS"] = environment["PIP_FIND_LINKS"]
                .map { $0.split(separator: " ").joined(separator: ",") }
        }
        if environment["SSL_CERT_FILE"] == nil {
            result["SSL_CERT_FILE"] = environment["PIP_CERT"]
        }
        // It says which files of a wheel it leaves out.
        result["RUST_LOG"] = "uv_extract=warn"
        return result
    }

    /// The options of uv for what the user set for pip, and uv takes from no variable.
    static func optionsForUV(_ environment: [String: String]) -> [String] {
        // What pip takes for true.
        let words: Set = ["y", "yes", "t", "true", "on", "1"]
        let word = environment["PIP_NO_INDEX"]?.lowercased() ?? ""
        return words.contains(word) ? ["--no-index"] : []
    }

    /// The folder of uv's cache.
    static func cacheOfUV(_ environment: [String: String]) -> String? {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        return value("UV_CACHE_DIR") ?? value("XDG_CACHE_HOME").map { $0 + "/uv" }
            ?? value("HOME").map { $0 + "/.cache/uv" }
    }

    /// The names of the variables that send an installer through a proxy.
    static func proxies(_ environment: [String: String]) -> [String] {
        let names: Set = ["http_proxy", "https_proxy", "all_proxy"]
        return environment.filter { names.contains($0.key.lowercased()) && !$0.value.isEmpty }
            .keys.sorted()
    }
}
