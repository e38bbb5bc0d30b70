// A package index on loopback.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension ScriptedServer {
    /// Makes a server for the wheels in a folder, as
    /// [PEP 503](https://peps.python.org/pep-0503/) says: `/simple/NAME/` links to `/files/…`.
    public static func packages(in folder: URL) -> ScriptedServer {
        ScriptedServer { request, _ in
            let parts = request.path.split(separator: "/").map(String.init)
            switch parts.first {
            case "simple" where parts.count == 2: return page(of: parts[1], in: folder)
            case "files" where parts.count == 2:
                return file(parts[1], in: folder, isHead: request.method == "HEAD")
            default: return .text("", status: 404, reason: "Not Found")
            }
        }
    }

    private static func page(of name: String, in folder: URL) -> ScriptedResponse {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let start = name.replacing("-", with: "_") + "-"
        let links = files.filter { $0.hasPrefix(start) && $0.hasSuffix(".whl") }
            .map { "<a href=\"/files/\($0)\">\($0)</a>\n" }
        if links.isEmpty { return .text("", status: 404, reason: "Not Found") }
        return .text(
            "<!DOCTYPE html>\n" + links.joined(),
            headers: [("Content-Type", "text/html")]
        )
    }

    private static func file(
        _ name: String,
        in folder: URL,
        isHead: Bool
    ) -> ScriptedResponse {
        let path = folder.appending(path: name).path
        guard let data = FileManager.default.contents(atPath: path) else {
            return .text("", status: 404, reason: "Not Found")
        }
        let head = ScriptedResponse.head(headers: [
            ("Content-Type", "application/octet-stream"), ("Content-Length", "\(data.count)"),
        ])
        return ScriptedResponse(isHead ? [.text(head)] : [.text(head), .bytes(data)])
    }
}
