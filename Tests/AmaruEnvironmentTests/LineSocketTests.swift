// Lines over a socket: order, size, ends.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import AmaruEnvironment

@Suite(.timeLimit(.minutes(5))) struct LineSocketTests {
    /// One end of a connection, and the lines that come out of it.
    private struct Side {
        let socket: LineSocket
        let lines: AsyncStream<String>

        init(_ descriptor: Descriptor) throws {
            let (lines, continuation) = AsyncStream<String>.makeStream()
            let socket = try LineSocket(descriptor)
            self.lines = lines
            self.socket = socket
            try socket.start { continuation.yield(String(decoding: $0, as: UTF8.self)) }
            Task {
                await socket.ended.waitRegardlessOfCancellation()
                continuation.finish()
            }
        }

        func send(_ text: String) { socket.send { Array(text.utf8) } }

        var all: [String] { get async { await lines.reduce(into: []) { $0.append($1) } } }
    }

    private func sides() throws -> (Side, Side) {
        let (one, other) = try Descriptor.socketPair()
        return try (Side(one), Side(other))
    }

    @Test func `Both sides get what the other has sent, in order, however much it is at once`()
        async throws
    {
        let (one, other) = try sides()
        // More than both sockets hold: neither side may wait for the other to read.
        let texts = (0..<8).map { String(repeating: "\($0)", count: 1 << 20) } + ["", "end"]
        for text in texts {
            one.send(text)
            other.send(text)
        }
        one.socket.finish()
        other.socket.finish()
        async let first = one.all
        async let second = other.all
        #expect(await first == texts)
        #expect(await second == texts)
    }

    @Test func `One that has finished sends nothing more, and still gets lines`() async throws {
        let (one, other) = try sides()
        one.send("last")
        one.socket.finish()
        one.send("late")
        try await one.socket.finished.wait()
        #expect(await other.all == ["last"])
    }

    @Test func `What has come before a socket is closed is delivered`() async throws {
        let (first, second) = try Descriptor.socketPair()
        let one = try Side(first)
        one.send("a")
        one.send("b")
        one.socket.finish()
        try await one.socket.finished.wait()
        let socket = try LineSocket(second)
        socket.close()
        let lines = AsyncStream<String> { continuation in
            do {
                try socket.start { continuation.yield(String(decoding: $0, as: UTF8.self)) }
            } catch {
                Issue.record(error)
            }
            Task {
                await socket.ended.waitRegardlessOfCancellation()
                continuation.finish()
            }
        }
        #expect(await lines.reduce(into: []) { $0.append($1) } == ["a", "b"])
    }

    @Test func `A side that has gone is an end, and no signal`() async throws {
        let (first, second) = try Descriptor.socketPair()
        let one = try Side(first)
        let gone = try LineSocket(second)
        gone.close()
        one.send("to nobody")
        #expect(await one.all.isEmpty)
        try await one.socket.finished.wait()
    }

    @Test func `Lines are the same however they are cut`() {
        let bytes = Array("one\n\nzwölf\nrest".utf8)
        for size in 1...bytes.count {
            var buffer = LineBuffer()
            var lines: [String] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                buffer.add(bytes[start..<min(start + size, bytes.count)])
                while let line = buffer.next() {
                    lines.append(String(decoding: line, as: UTF8.self))
                }
            }
            #expect(lines == ["one", "", "zwölf"])
        }
    }

    @Test func `A long line is not kept once it has been taken`() {
        var buffer = LineBuffer()
        buffer.add(Array(repeating: UInt8(ascii: "x"), count: 1 << 20) + Array("\nrest".utf8))
        #expect(buffer.next()?.count == 1 << 20)
        buffer.add(Array(" of it\n".utf8))
        #expect(buffer.next().map { String(decoding: $0, as: UTF8.self) } == "rest of it")
        #expect(buffer.size == 0)
        #expect(buffer.next() == nil)
    }

    @Test func `Only a socket is taken over`() throws {
        let (read, _) = try Descriptor.pipe()
        #expect(throws: PosixError.self) { try Descriptor(inheritedSocket: read.number) }
        #expect(throws: PosixError.self) { try Descriptor(inheritedSocket: -1) }
    }

    @Test func `What a slow reader has taken is not kept`() throws {
        let (socket, reader) = try Descriptor.socketPair()
        _ = fcntl(socket.number, F_SETFL, O_NONBLOCK)
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: LineOutput.piece - 2)
        var output = LineOutput()
        try withUnsafeTemporaryAllocation(byteCount: line.count, alignment: 1) { buffer in
            for _ in 0..<100 {
                if output.count < LineOutput.piece { output.add(line) }
                output.write(to: socket.number)
                // Less than was sent: there is always a rest.
                let half = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(line.count / 2)])
                _ = try PosixCall.read(reader.number, into: half)
                #expect(output.size <= 2 * LineOutput.piece)
            }
        }
        #expect(!output.isEmpty)
    }
}
