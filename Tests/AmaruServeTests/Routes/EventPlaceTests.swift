// Where a page goes on.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import Testing

@testable import AmaruServe

@Suite struct EventPlaceTests {
    @Test(
        arguments: [
            (nil, "", EventPlace.beginning), (nil, "?after=7.\(EventPlace.log).3", .after(3)),
            (nil, "?after=0", .beginning),
            ("7.\(EventPlace.log).5", "?after=3", .after(5)), ("7.9007199254740991", "", .end),
            // Of a log of another process.
            ("7.other.5", "", .nowhere), ("7.5", "", .nowhere), (nil, "?after=3", .nowhere),
            ("7.0", "", .beginning),
            ("8.\(EventPlace.log).5", "", .nowhere), ("7.x", "", .nowhere), ("7.-5", "", .nowhere),
            ("7.5.5", "", .nowhere),
            ("7.99999999999999999999", "", .nowhere), ("", "", .beginning), (".", "", .nowhere),
        ] as [(String?, String, EventPlace)]
    )
    func `The last event's id says it, or else the query`(
        id: String?,
        query: String,
        place: EventPlace
    ) {
        var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/events" + query)
        head.headerFields[.lastEventID] = id
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        #expect(EventPlace(request, of: 7) == place)
    }

    @Test func `A place is the id of the event behind which it is`() {
        #expect(EventPlace.after(5).id(of: 7) == "7.\(EventPlace.log).5")
        #expect(EventPlace.end.id(of: 7) == "7.9007199254740991")
        #expect(EventPlace.beginning.id(of: 7) == nil)
    }
}
