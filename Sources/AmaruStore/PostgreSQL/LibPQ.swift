// PostgreSQL's client library, which is loaded when it is needed.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The functions of libpq that are called here.
///
/// To link it would load a TLS library, Kerberos and LDAP at the start of every command.
/// https://www.postgresql.org/docs/current/libpq.html
struct LibPQ: Sendable {
    typealias Words = UnsafePointer<UnsafePointer<CChar>?>
    /// `PGnotify`, as far as it is read.
    struct Notification { let channel, process: Int; let payload: UnsafePointer<CChar>? }

    let connect: @convention(c) (Words, Words, CInt) -> OpaquePointer?
    let finish: @convention(c) (OpaquePointer?) -> Void
    let setNoticeProcessor:
        @convention(c) (
            OpaquePointer?,
            @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> Void,
            UnsafeMutableRawPointer?
        ) -> OpaquePointer?
    let status: @convention(c) (OpaquePointer?) -> CInt
    let errorMessage: @convention(c) (OpaquePointer?) -> UnsafePointer<CChar>?
    let socket: @convention(c) (OpaquePointer?) -> CInt
    let setNonblocking: @convention(c) (OpaquePointer?, CInt) -> CInt
    let sendScript: @convention(c) (OpaquePointer?, UnsafePointer<CChar>) -> CInt
    let sendQuery:
        @convention(c) (
            OpaquePointer?, UnsafePointer<CChar>, CInt, UnsafePointer<UInt32>?,
            UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<CInt>?, UnsafePointer<CInt>?, CInt
        ) -> CInt
    let flush: @convention(c) (OpaquePointer?) -> CInt
    let consumeInput: @convention(c) (OpaquePointer?) -> CInt
    let isBusy: @convention(c) (OpaquePointer?) -> CInt
    let result: @convention(c) (OpaquePointer?) -> OpaquePointer?
    let notification: @convention(c) (OpaquePointer?) -> UnsafeMutableRawPointer?
    let free: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let clear: @convention(c) (OpaquePointer?) -> Void
    let resultStatus: @convention(c) (OpaquePointer?) -> CInt
    let errorField: @convention(c) (OpaquePointer?, CInt) -> UnsafePointer<CChar>?
    let rowCount: @convention(c) (OpaquePointer?) -> CInt
    let changes: @convention(c) (OpaquePointer?) -> UnsafePointer<CChar>?
    let value: @convention(c) (OpaquePointer?, CInt, CInt) -> UnsafePointer<CChar>?
    let length: @convention(c) (OpaquePointer?, CInt, CInt) -> CInt
    let isNull: @convention(c) (OpaquePointer?, CInt, CInt) -> CInt

    #if canImport(Darwin)
        private static let names = [
            "libpq.5.dylib", "/opt/homebrew/opt/libpq/lib/libpq.5.dylib",
            "/usr/local/opt/libpq/lib/libpq.5.dylib",
        ]
        private static let package = "brew install libpq"
    #else
        private static let names = ["libpq.so.5"]
        private static let package =
            "install libpq5 (Debian, Ubuntu), libpq (Fedora) or postgresql-libs (Arch)"
    #endif

    private static let loaded: Result<LibPQ, StoreError> = Result { () throws(StoreError) in
        try LibPQ(loading: names)
    }

    /// The library, which stays loaded.
    static func load() throws(StoreError) -> LibPQ { try loaded.get() }

    init(loading names: [String]) throws(StoreError) {
        guard let library = names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first
        else {
            throw StoreError(
                code: .noLibrary,
                number: 0,
                path: names[0],
                detail: Self.package
            )
        }
        var missing: String?
        func function<Function>(_ name: String, _: Function.Type = Function.self) -> Function {
            let symbol = dlsym(library, name)
            if symbol == nil { missing = name }
            // Safe because a name's type is that of libpq-fe.h; none is called if one is missing.
            return unsafeBitCast(symbol ?? library, to: Function.self)
        }
        connect = function("PQconnectdbParams")
        finish = function("PQfinish")
        setNoticeProcessor = function("PQsetNoticeProcessor")
        status = function("PQstatus")
        errorMessage = function("PQerrorMessage")
        socket = function("PQsocket")
        setNonblocking = function("PQsetnonblocking")
        sendScript = function("PQsendQuery")
        sendQuery = function("PQsendQueryParams")
        flush = function("PQflush")
        consumeInput = function("PQconsumeInput")
        isBusy = function("PQisBusy")
        result = function("PQgetResult")
        notification = function("PQnotifies")
        free = function("PQfreemem")
        clear = function("PQclear")
        resultStatus = function("PQresultStatus")
        errorField = function("PQresultErrorField")
        rowCount = function("PQntuples")
        changes = function("PQcmdTuples")
        value = function("PQgetvalue")
        length = function("PQgetlength")
        isNull = function("PQgetisnull")
        if let missing {
            let detail = "\(Self.package); the one that is there has no \(missing)"
            throw StoreError(code: .noLibrary, number: 0, path: names[0], detail: detail)
        }
    }
}
