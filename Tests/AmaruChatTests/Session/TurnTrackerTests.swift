// When a turn counts as over, decided without clocks.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruChat

@Suite struct TurnTrackerTests {
    /// What happens to a tracker, one event after another; times in milliseconds.
    enum Event: Sendable {
        case sent(Int)
        case claimed(Int)
        case shown
        case cancelled
        case settled(Int)
        case busy(Int)
        case quiet(Int)
    }

    /// A story of events, and the verdict of its last look.
    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let events: [Event]
        let verdict: TurnTracker.Verdict?
        let openTurn: Int?

        init(
            _ name: String,
            _ events: [Event],
            _ verdict: TurnTracker.Verdict?,
            open: Int? = nil
        ) {
            testDescription = name
            self.events = events
            self.verdict = verdict
            openTurn = open
        }
    }

    @Test(
        "The last look decides as the events before it say",
        arguments: [
            Story("nothing was sent", [.quiet(0), .quiet(10_000)], nil),
            Story("nothing is shown yet", [.sent(1), .quiet(0), .quiet(999)], nil, open: 1),
            Story(
                "nothing is shown for too long",
                [.sent(1), .quiet(0), .quiet(1000)],
                .unanswered(turn: 1)
            ),
            Story(
                "shown, and quiet for a moment",
                [.sent(1), .shown, .quiet(0), .quiet(249)],
                nil,
                open: 1
            ),
            Story(
                "shown, and quiet for long enough",
                [.sent(1), .shown, .quiet(0), .quiet(250)],
                .answered(turn: 1)
            ),
            Story(
                "the quiet counts from the first look that sees it",
                [.sent(1), .shown, .quiet(5000)],
                nil,
                open: 1
            ),
            Story(
                "shown, but something is under way again",
                [.sent(1), .shown, .quiet(0), .busy(200), .quiet(300), .quiet(500)],
                nil,
                open: 1
            ),
            Story(
                "a second reply starts the quiet anew",
                [.sent(1), .shown, .quiet(0), .shown, .quiet(250)],
                nil,
                open: 1
            ),
            Story(
                "something that is under way may take for ever",
                [.sent(1), .quiet(0), .busy(999), .busy(100_000)],
                nil,
                open: 1
            ),
            Story(
                "quiet before a reply does not count after it",
                [.sent(1), .quiet(0), .quiet(900), .shown, .quiet(1100)],
                nil,
                open: 1
            ),
            Story(
                "a turn that settles itself is left alone",
                [.sent(1), .claimed(1), .shown, .quiet(0), .quiet(100_000)],
                nil,
                open: 1
            ),
            Story(
                "a claim of another turn changes nothing",
                [.sent(2), .claimed(1), .shown, .quiet(0), .quiet(250)],
                .answered(turn: 2)
            ),
            Story(
                "what was shown in the turn before does not answer this one",
                [.sent(1), .shown, .settled(1), .sent(2), .quiet(0), .quiet(500)],
                nil,
                open: 2
            ),
            Story(
                "a reply after the end opens nothing",
                [.sent(1), .settled(1), .shown, .quiet(0), .quiet(250)],
                nil
            ),
            Story(
                "a verdict is given once",
                [.sent(1), .shown, .quiet(0), .quiet(250), .quiet(600)],
                nil
            ),
            Story(
                "a cancelled turn stays open until it is settled",
                [.sent(1), .cancelled, .quiet(0), .quiet(100)],
                nil,
                open: 1
            ),
        ]
    )
    func story(_ story: Story) {
        var tracker = TurnTracker(limits: .init(unanswered: .seconds(1)))
        var verdict: TurnTracker.Verdict?
        for event in story.events { verdict = Self.apply(event, to: &tracker) }
        #expect(verdict == story.verdict)
        #expect(tracker.turn == story.openTurn)
    }

    @Test func `Only the open turn can be settled, and once`() {
        var tracker = TurnTracker(limits: .init(unanswered: .seconds(1)))
        let before = tracker.settled(1)
        tracker.sent(1)
        let results = [tracker.settled(2), tracker.settled(1), tracker.settled(1)]
        #expect(!before)
        #expect(results == [false, true, false])
        #expect(tracker.turn == nil)
    }

    @Test func `A turn is watched from its start until it is claimed or over`() {
        var tracker = TurnTracker(limits: .init(unanswered: .seconds(1)))
        #expect(!tracker.isWatched)
        tracker.sent(1)
        #expect(tracker.isWatched)
        tracker.claimed(1)
        #expect(!tracker.isWatched)
        tracker.sent(2)
        #expect(tracker.isWatched)
        let wasOpen = tracker.settled(2)
        #expect(wasOpen)
        #expect(!tracker.isWatched)
    }

    @Test func `A cancel holds for its turn only`() {
        var tracker = TurnTracker(limits: .init(unanswered: .seconds(1)))
        tracker.cancelled()
        #expect(!tracker.isCancelled)
        tracker.sent(1)
        #expect(!tracker.isCancelled)
        tracker.cancelled()
        #expect(tracker.isCancelled)
        tracker.sent(2)
        #expect(!tracker.isCancelled)
    }

    private static func apply(
        _ event: Event,
        to tracker: inout TurnTracker
    ) -> TurnTracker.Verdict? {
        switch event {
        case .sent(let turn): tracker.sent(turn)
        case .claimed(let turn): tracker.claimed(turn)
        case .shown: tracker.shown()
        case .cancelled: tracker.cancelled()
        case .settled(let turn): _ = tracker.settled(turn)
        case .busy(let time): return tracker.looked(isBusy: true, at: .milliseconds(time))
        case .quiet(let time): return tracker.looked(isBusy: false, at: .milliseconds(time))
        }
        return nil
    }
}
