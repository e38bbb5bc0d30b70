// The values of options that are not given, without the parser.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

// Each property has to be set: one of a value that was not parsed cannot be read.

extension ChatOptions {
    static let standardIdleTimeout = 30.0
    static let standardStallTimeout = 60.0

    static var unset: Self {
        var options = Self()
        (options.model, options.baseURL, options.system) = (nil, nil, nil)
        (options.keyEnv, options.noKey) = ([], false)
        options.request = .unset
        options.network = .unset
        options.input = .unset
        (options.with, options.withRequirements) = ([], [])
        (options.python, options.venv, options.gguf) = (nil, nil, nil)
        (options.locked, options.verbose) = (false, false)
        options.idleTimeout = standardIdleTimeout
        options.stallTimeout = standardStallTimeout
        return options
    }
}

extension RequestOptions {
    static var unset: Self {
        var options = Self()
        options.option = []
        return options
    }
}

extension NetworkOptions {
    static var unset: Self {
        var options = Self()
        (options.route, options.allowNet, options.allowRun) = ([], [], false)
        (options.record, options.replay, options.traceHTTP) = (nil, nil, nil)
        return options
    }
}

extension InputOptions {
    static var unset: Self {
        var options = Self()
        options.noHistory = false
        return options
    }
}

extension StoreOptions {
    static var unset: Self {
        var options = Self()
        options.noStore = false
        return options
    }
}

extension ScreenOptions {
    static var unset: Self {
        var options = Self()
        options.plain = false
        options.showEscapes = false
        return options
    }
}
