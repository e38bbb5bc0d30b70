// What a user sees of a download.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite(.timeLimit(.minutes(5))) struct DownloadWatchTests {
    @Test(
        "The name and the size of a file are read from the installer's line",
        arguments: [
            ("  Downloading https://h/a/b-1.whl (12.5 MB)", "b-1.whl", 12.5e6),
            ("  Downloading b-1.whl (1.0 MB)", "b-1.whl", 1e6),
            ("  Downloading b-1.whl (12 kB)", nil, 0), ("Collecting b (1.0 MB)", nil, 0),
            ("  Downloading b-1.whl (x MB)", nil, 0), ("", nil, 0),
            ("Downloading b (1.5MiB)", "b", 1.5 * 1024 * 1024),
            ("Downloading b (2.0GiB)", "b", 2.0 * 1024 * 1024 * 1024),
            ("Downloading b (12.0KiB)", nil, 0), ("Downloading b (MiB)", nil, 0),
        ] as [(String, String?, Double)]
    )
    func lines(line: String, name: String?, bytes: Double) {
        let found = DownloadWatch.Download(line: line)
        #expect(found?.name == name)
        if name != nil { #expect(found?.bytes == bytes) }
    }

    @Test(arguments: TestedInstaller.allCases)
    func `Half of a large file is reported while the rest is on its way`(
        _ installer: TestedInstaller
    ) async throws {
        let shop = try WheelShop()
        try await shop.makeWheel("amaru_big", "1.0", padding: 4 << 20)
        let wheel = "amaru_big-1.0-py3-none-any.whl"
        let data = try Data(contentsOf: shop.folder.url.appending(path: wheel))
        let gate = Gate()
        let index = ScriptedServer { request, _ in
            // uv would fetch the whole file for it.
            if request.path.hasSuffix(".metadata") {
                return .text("Metadata-Version: 2.1\nName: amaru-big\nVersion: 1.0\n")
            }
            guard request.path.hasSuffix(".whl") else {
                return .text(
                    "<a href=\"/\(wheel)\" data-dist-info-metadata=\"true\">\(wheel)</a>",
                    headers: [("Content-Type", "text/html")]
                )
            }
            let length = ("Content-Length", "\(data.count)")
            return ScriptedResponse([
                .text(ScriptedResponse.head(headers: [length])),
                .bytes(data.prefix(data.count * 11 / 20)), .wait(gate),
                .bytes(data.suffix(from: data.count * 11 / 20)),
            ])
        }
        try await index.start()
        var builder = try await shop.builder(installer, index: index)
        builder.reportsDownloads = true
        let log = Log()
        _ = try await builder.environment(for: shop.request(["amaru-big"])) { line in
            log.add(line)
            if line.contains("% of") || line.hasSuffix("unpacked") { gate.open() }
        }
        await index.shutDown()
        let words = installer == .pip ? "0 % of \(wheel)" : " MB unpacked"
        #expect(log.lines.contains { $0.hasSuffix(words) }, "\(log.lines)")
    }
}
