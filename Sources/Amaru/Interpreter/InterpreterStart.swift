// Configures and initialises CPython, on its own thread.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// Initialisation through PyConfig.
///
/// https://docs.python.org/3/c-api/init_config.html The older functions, such as `Py_SetPythonHome`, are gone from 3.16.
enum InterpreterStart {
    static func start(_ configuration: PythonConfiguration) throws {
        try LinkedPython.checkHeaders()
        let programName = try LinkedPython.programName(environment: configuration.environment)
        try preinitialise(configuration)
        try initialise(configuration, programName: programName)
        try Runtime.load()
        try EventLoop.prepare(configuration)
        // Last: what the bridge itself keeps forever is not the program's.
        amaru_set_counting(configuration.countsObjects ? 1 : 0)
    }

    private static func preinitialise(_ configuration: PythonConfiguration) throws {
        var preconfiguration = PyPreConfig()
        if configuration.readsVariables {
            PyPreConfig_InitPythonConfig(&preconfiguration)
            preconfiguration.parse_argv = 0
            // The program sets the locale, while it has one thread. In that of C Python turns its
            // UTF-8 mode on.
            preconfiguration.configure_locale = 0
            preconfiguration.coerce_c_locale = 0
            if configuration.hasUTF8Mode { preconfiguration.utf8_mode = 1 }
        } else {
            PyPreConfig_InitIsolatedConfig(&preconfiguration)
            // Otherwise the filesystem encoding is ASCII, unless the program has set the locale.
            preconfiguration.utf8_mode = 1
        }
        if configuration.developmentMode { preconfiguration.dev_mode = 1 }
        switch configuration.allocator {
        case .standard: break
        case .malloc: preconfiguration.allocator = Int32(PYMEM_ALLOCATOR_MALLOC.rawValue)
        case .debug: preconfiguration.allocator = Int32(PYMEM_ALLOCATOR_DEBUG.rawValue)
        }
        try check(Py_PreInitialize(&preconfiguration))
    }

    private static func initialise(
        _ configuration: PythonConfiguration,
        programName: String
    ) throws {
        // In memory of its own: a setter takes the struct and one of its fields at once.
        let config = UnsafeMutablePointer<PyConfig>.allocate(capacity: 1)
        defer {
            PyConfig_Clear(config)
            config.deallocate()
        }
        if configuration.readsVariables {
            PyConfig_InitPythonConfig(config)
            config.pointee.configure_c_stdio = 0
        } else {
            PyConfig_InitIsolatedConfig(config)
        }
        config.pointee.install_signal_handlers = 0
        if configuration.developmentMode { config.pointee.dev_mode = 1 }
        func set(_ field: UnsafeMutablePointer<UnsafeMutablePointer<wchar_t>?>, _ value: String)
            throws
        {
            try check(PyConfig_SetBytesString(config, field, value))
        }
        try set(&config.pointee.program_name, programName)
        // The real interpreter, never this program: multiprocessing and pip start it.
        try set(&config.pointee.executable, programName)
        config.pointee.parse_argv = 0
        for argument in configuration.arguments {
            guard let decoded = Py_DecodeLocale(argument, nil) else { continue }
            defer { PyMem_RawFree(decoded) }
            try check(PyWideStringList_Append(&config.pointee.argv, decoded))
        }
        // The variables first: PYTHONPYCACHEPREFIX is the user's, and this a default.
        try check(PyConfig_Read(config))
        if let cache = configuration.bytecodeCache, config.pointee.pycache_prefix == nil {
            try set(&config.pointee.pycache_prefix, cache)
        }
        try check(Py_InitializeFromConfig(config))
    }

    private static func check(_ status: PyStatus) throws {
        guard amaru_status_failed(status) != 0 else { return }
        let reason = status.err_msg.map { String(cString: $0) } ?? "exit \(status.exitcode)"
        if let error = AmaruError.limitAtStart(reason) { throw error }
        throw AmaruError(
            .startFailed,
            "CPython \(LinkedPython.version) did not start: \(reason). Is its standard library "
                + "installed?"
        )
    }
}
