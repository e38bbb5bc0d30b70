// A file of the store as one that is sent, and the other way round.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension StoredFile {
    init(_ file: Attachment) {
        self.init(name: file.name, mediaType: file.mediaType, bytes: [UInt8](file.bytes))
    }
}

extension Attachment {
    /// The file to send again; nil if what it holds was not kept.
    init?(_ file: StoredFile) {
        guard let bytes = file.bytes else { return nil }
        self.init(name: file.name, mediaType: file.mediaType, bytes: Data(bytes))
    }
}
