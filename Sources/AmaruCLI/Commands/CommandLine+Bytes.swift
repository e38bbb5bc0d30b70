// The words of the command line as they came.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension CommandLine {
    /// Returns the bytes of parsed words, in which the parser has what is not UTF-8 replaced.
    static func bytes(of words: [String]) -> [Data] {
        var originals = (1..<max(1, Int(argc))).compactMap { index in
            unsafeArgv[index].map { Data(bytes: $0, count: strlen($0)) }
        }
        return words.map { word in
            let index = originals.firstIndex { original in
                String(decoding: original, as: UTF8.self).utf8.elementsEqual(word.utf8)
            }
            // Removed, so that two words which look alike are told apart by their order.
            return index.map { originals.remove(at: $0) } ?? Data(word.utf8)
        }
    }
}
