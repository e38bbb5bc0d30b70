// A file that cannot be written for a while: it is read, and what is to be written waits.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

extension StoreWriter {
    /// The most jobs that wait; a turn has up to three.
    private static let mostWaiting = 256
    private static let longestPause = Duration.seconds(2)

    /// Performs a job, or has it wait behind those that could not be performed.
    func performInFile(_ entry: Entry) {
        guard entry.isLasting else {
            if let error = failure(of: entry.job, writes: false) { note(error) }
            return entry.done.set(())
        }
        let dropped = state.withLock { Self.wait(entry, &$0) }
        for other in dropped { other.done.set(()) }
        if dropped.contains(where: { $0.kind == .writing }) { reportDrop() }
        performWaiting()
    }

    /// Has a job wait, and returns what is dropped for it: the oldest turn, since the newest are what
    /// the user goes on with.
    private static func wait(_ entry: Entry, _ state: inout State) -> [Entry] {
        if entry.kind == .probing, !state.waiting.isEmpty { return [entry] }
        if let turn = entry.turn, state.dropped.contains(turn) { return [entry] }
        state.waiting.append(entry)
        guard state.waiting.count > mostWaiting else { return [] }
        let oldest = state.waiting.removeFirst()
        guard let turn = oldest.turn else { return [oldest] }
        state.dropped.insert(turn)
        defer { state.waiting.removeAll { $0.turn == turn } }
        return [oldest] + state.waiting.filter { $0.turn == turn }
    }

    private func performWaiting() {
        while let entry = state.withLock({ $0.waiting.first }) {
            let error = failure(of: entry.job, writes: true)
            if let error {
                note(error)
                if error.mayPass { return }
            }
            state.withLock { state in
                if error == nil, entry.kind == .writing { state.hasWritten = true }
                if !state.waiting.isEmpty { state.waiting.removeFirst() }
            }
            entry.done.set(())
        }
        let wasOut = state.withLock { state in
            defer {
                (state.outage, state.pause) = (nil, .milliseconds(100))
                (state.dropped, state.hasDropped) = ([], false)
            }
            return state.outage != nil && state.failure == nil
        }
        if wasOut { report("\(path) can be written again") }
    }

    /// Says once for each outage that some of what comes is lost.
    private func reportDrop() {
        let isFirst = state.withLock { state in
            defer { (state.hasDropped, state.hasLost) = (true, true) }
            return !state.hasDropped
        }
        if isFirst { report("too much waits to be written to \(path): the oldest of it is lost") }
    }

    /// Decides what a failure means for what comes.
    private func note(_ error: StoreError) {
        switch error.code {
        case .damaged, .newer, .foreign: return fail(with: error)
        default: break
        }
        // It says something of one job only.
        guard error.mayPass else { return report("\(error)") }
        if state.withLock({ $0.isEnding }) { return fail(with: error) }
        noteOutage(error)
    }

    /// Remembers why the file cannot be written, and tries again later.
    func noteOutage(_ error: StoreError) {
        let pause: Duration? = state.withLock { state in
            state.outage = error
            guard !state.isRetrying, !state.isOver else { return nil }
            state.isRetrying = true
            defer { state.pause = min(state.pause * 2, Self.longestPause) }
            return state.pause
        }
        report("\(error). Answers go on; they are written when that is possible")
        guard let pause else { return }
        Task { [weak self] in
            try? await Task.sleep(for: pause)
            self?.state.withLock { $0.isRetrying = false }
            self?.tryToWrite()
        }
    }

    /// Tries what waits, if writing has failed.
    func tryToWrite() {
        guard state.withLock({ $0.outage != nil }) else { return }
        let probe: Job = { store throws(StoreError) in try store.probe() }
        add(Entry(job: probe, kind: .probing))
    }
}

extension StoreError {
    /// Whether the file may be written later, as it is.
    var mayPass: Bool {
        switch code {
        case .full, .unwritable, .busy: true
        // Of the system, while it reads or writes.
        case .other: number & 0xFF == 10
        default: false
        }
    }
}
