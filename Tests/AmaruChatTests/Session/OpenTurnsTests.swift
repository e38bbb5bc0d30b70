// Which turns may be open, and which may be given to the script.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import Testing

@testable import AmaruChat

@Suite struct OpenTurnsTests {
    private func turn(hasHistory: Bool = true) -> Turn {
        Turn(question: Turn.Question(history: hasHistory ? [] : nil))
    }

    @Test func `One is open by default, and the next one when it has ended`() {
        var turns = OpenTurns(TurnLimits())
        let (first, second) = (turn(), turn())
        var areTaken = [turns.add(first), turns.add(second)]
        first.end(.cancelled)
        areTaken.append(turns.add(second))
        #expect(areTaken == [true, false, true])
        #expect(turns.all.map { $0 === second } == [true])
    }

    @Test func `Without a history of its own a turn is alone`() {
        var turns = OpenTurns(TurnLimits(open: 3))
        let alone = turn(hasHistory: false)
        var areTaken = [turns.add(alone), turns.add(turn())]
        alone.end(.cancelled)
        areTaken += [turns.add(turn()), turns.add(turn(hasHistory: false)), turns.add(turn())]
        #expect(areTaken == [true, false, true, false, true])
    }

    @Test func `The script gets them in order, and no more than it may have`() {
        var turns = OpenTurns(TurnLimits(open: 2, waiting: 1))
        let all = [turn(), turn(), turn(), turn()]
        let areTaken = all.map { turns.add($0) }
        #expect(areTaken == [true, true, true, false])
        #expect(turns.obstacle(to: all[0]) == nil)
        // Until the script has said that it ends the first one itself.
        #expect(turns.obstacle(to: all[1]) != nil)
        all[0].claim()
        #expect(turns.obstacle(to: all[1]) == nil)
        all[1].claim()
        let obstacle = turns.obstacle(to: all[2])
        all[1].end(.finished(reason: "stop"))
        let step = turns.advance()
        #expect(obstacle === step)
        #expect(turns.obstacle(to: all[2]) == nil)
        #expect(turns.all.count == 2)
    }

    @Test func `One that has ended waits for nothing`() {
        var turns = OpenTurns(TurnLimits(open: 1, waiting: 1))
        let (first, second) = (turn(), turn())
        _ = (turns.add(first), turns.add(second))
        #expect(turns.obstacle(to: second) != nil)
        second.end(.cancelled)
        #expect(turns.obstacle(to: second) == nil)
    }
}
