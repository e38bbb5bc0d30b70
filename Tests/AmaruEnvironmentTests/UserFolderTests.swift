// The places of the user's cache and configuration.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import Foundation
import Testing

@Suite struct UserFolderTests {
    @Test(arguments: [
        (["HOME": "/h"], "/h/.cache/amaru", "/h/.config/amaru"),
        (
            ["HOME": "/h", "XDG_CACHE_HOME": "/c", "XDG_CONFIG_HOME": "/d"],
            "/c/amaru", "/d/amaru"
        ),
        (
            ["HOME": "/h", "XDG_CACHE_HOME": "relative", "XDG_CONFIG_HOME": ""],
            "/h/.cache/amaru", "/h/.config/amaru"
        ),
        (["HOME": "", "XDG_CACHE_HOME": ""], "HOME/.cache/amaru", "HOME/.config/amaru"),
        (["HOME": "relative"], "HOME/.cache/amaru", "HOME/.config/amaru"),
    ])
    func `The folders follow the XDG rules, which know no relative paths`(
        environment: [String: String],
        cache: String,
        config: String
    ) {
        // Not the working folder, but the home that the system knows of.
        let home = String(cString: getpwuid(getuid()).pointee.pw_dir)
        let (cache, config) = (
            cache.replacing("HOME", with: home), config.replacing("HOME", with: home)
        )
        #if os(macOS)
            let cache = cache.replacing("/.cache/", with: "/Library/Caches/")
        #endif
        #expect(UserFolder.cache(in: environment).path == cache)
        #expect(UserFolder.config(in: environment).path == config)
    }
}
