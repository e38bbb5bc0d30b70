// Proxies and certificates, as the environment names them.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP

extension HTTPBackendConfiguration {
    /// Reads `SSL_CERT_FILE`; environment variables are read in the command only.
    init(environment: [String: String]) throws {
        self.init()
        if let file = environment["SSL_CERT_FILE"], !file.isEmpty {
            trustRoots = .file(file)
        }
    }
}
