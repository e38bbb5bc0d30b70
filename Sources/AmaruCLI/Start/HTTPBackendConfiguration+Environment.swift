// Proxies and certificates, as the environment names them.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import ArgumentParser

extension HTTPBackendConfiguration {
    /// Reads the variables of proxies, `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    ///
    /// Environment variables are read in the command only. As in OpenSSL, the file and the folder
    /// add up, and take the place of the system's authorities.
    init(environment: [String: String]) throws {
        self.init()
        let folders = environment["SSL_CERT_DIR", default: ""].split(separator: ":")
        let paths =
            [environment["SSL_CERT_FILE", default: ""]].filter { !$0.isEmpty }
            + folders.map(String.init)
        if !paths.isEmpty { trustRoots = .paths(paths) }
        do throws(HTTPTransferError) {
            proxies = try HTTPProxySettings(environment: environment)
        } catch {
            throw ValidationError(error.message)
        }
    }
}
