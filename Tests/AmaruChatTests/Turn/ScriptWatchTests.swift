// When a turn of a script without turns of its own counts as over.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruChat

@Suite struct ScriptWatchTests {
    /// What happens, one event after another; times in milliseconds.
    enum Event: Sendable {
        case shown
        case busy(Int)
        case quiet(Int)
        case ready(Int)
    }

    /// A story of events, and the verdict of its last observation.
    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let events: [Event]
        let verdict: ScriptWatch.Verdict?

        init(_ name: String, _ events: [Event], _ verdict: ScriptWatch.Verdict?) {
            testDescription = name
            self.events = events
            self.verdict = verdict
        }
    }

    @Test(arguments: [
        Story("nothing is shown yet", [.quiet(0), .quiet(999)], nil),
        Story(
            "nothing is shown for too long",
            [.quiet(0), .quiet(1000)],
            .unanswered(after: .seconds(1))
        ),
        Story("shown, and quiet for a moment", [.shown, .quiet(0), .quiet(249)], nil),
        Story("shown, and quiet for long enough", [.shown, .quiet(0), .quiet(250)], .answered),
        Story("the quiet counts from the first observation of it", [.shown, .quiet(5000)], nil),
        Story(
            "shown, but something is under way again",
            [.shown, .quiet(0), .busy(200), .quiet(300), .quiet(500)],
            nil
        ),
        Story(
            "a loop that is about to run something puts the verdict off",
            [.shown, .quiet(0), .ready(250)],
            nil
        ),
        Story(
            "a loop that ticks does not start the quiet again",
            [.shown, .ready(0), .quiet(50), .ready(100), .ready(200), .quiet(250)],
            .answered
        ),
        Story(
            "a second reply starts the quiet again",
            [.shown, .quiet(0), .shown, .quiet(250)],
            nil
        ),
        Story(
            "something that is under way may take any time",
            [.quiet(0), .busy(999), .busy(100_000)],
            nil
        ),
        Story(
            "quiet before a reply does not count after it",
            [.quiet(0), .quiet(900), .shown, .quiet(1100)],
            nil
        ),
    ])
    func `The last observation decides as the events before it say`(_ story: Story) {
        var watch = ScriptWatch(limits: ScriptWatch.Limits(unanswered: .seconds(1)))
        var verdict: ScriptWatch.Verdict?
        func observe(_ time: Int, isBusy: Bool = false, isReady: Bool = false) {
            let time = Duration.milliseconds(time)
            verdict = watch.observe(isBusy: isBusy, isReady: isReady, at: time)
        }
        for event in story.events {
            switch event {
            case .shown: watch.shown()
            case .busy(let time): observe(time, isBusy: true)
            case .quiet(let time): observe(time)
            case .ready(let time): observe(time, isReady: true)
            }
        }
        #expect(verdict == story.verdict)
    }
}
