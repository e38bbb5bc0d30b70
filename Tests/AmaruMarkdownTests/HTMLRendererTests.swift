// What a text looks like as HTML.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruMarkdown

@Suite(.timeLimit(.minutes(10))) struct HTMLRendererTests {
    private func html(_ text: String) -> String {
        HTMLRenderer.blocks(text).joined(separator: "\n")
    }

    @Test(arguments: [
        (
            "*a* **b** ~~c~~ `d<`",
            "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d&lt;</code></p>"
        ),
        ("# a\n## b", "<h3>a</h3>\n<h4>b</h4>"),
        ("a\nb  \nc", "<p>a<br>b<br>c</p>"),
        ("> a", "<blockquote><p>a</p></blockquote>"),
        ("---", "<hr>"),
        ("a<br>b <i>c</i>", "<p>a<br>b &lt;i&gt;c&lt;/i&gt;</p>"),
        ("<div>\n*a*\n</div>", "<pre class=\"plain\">&lt;div&gt;\n*a*\n&lt;/div&gt;\n</pre>"),
        ("a\u{1}b", "<p>a\u{FFFD}b</p>"),
    ])
    func `Text becomes elements`(_ text: String, _ expected: String) {
        #expect(html(text) == expected)
    }

    @Test(arguments: [
        ("```swift x\nlet a\n```", "swift", " class=\"language-swift\"", "let a\n"),
        ("```c++\n<&>\n", "c++", " class=\"language-c++\"", "&lt;&amp;&gt;\n"),
        ("```\"x\na\n```", "", "", "a\n"),
        ("    a\n    b", "", "", "a\nb\n"),
    ])
    func `Code keeps its language and its text`(
        _ text: String,
        _ caption: String,
        _ name: String,
        _ code: String
    ) {
        let expected =
            "<figure class=\"code\"><figcaption>\(caption)</figcaption>"
            + "<pre tabindex=\"0\"><code\(name)>\(code)</code></pre></figure>"
        #expect(html(text) == expected)
    }

    private static let followed = " rel=\"noopener noreferrer nofollow\" target=\"_blank\""

    @Test(arguments: [
        ("[a](https://b.test/c)", "https://b.test/c", "a", "b.test"),
        ("<https://b.test/c>", "https://b.test/c", "https://b.test/c", nil),
        ("[b.test](https://b.test/c)", "https://b.test/c", "b.test", nil),
        ("[b.test](https://b.test@c.test/)", "https://b.test@c.test/", "b.test", "c.test"),
        ("[a](mailto:x@b.test)", "mailto:x@b.test", "a", "b.test"),
        ("x@b.test", "mailto:x@b.test", "x@b.test", nil),
        ("![a](https://b.test/c.png)", "https://b.test/c.png", "a", "b.test"),
        ("![](https://b.test/c.png)", "https://b.test/c.png", "image", "b.test"),
        ("[](https://b.test/)", "https://b.test/", "https://b.test/", "b.test"),
        ("[a](https://b.test/?x=1&y='2')", "https://b.test/?x=1&amp;y=&#39;2&#39;", "a", "b.test"),
    ])
    func `A link shows where it leads`(
        _ text: String,
        _ address: String,
        _ shown: String,
        _ host: String?
    ) {
        let host = host.map { " <span class=\"host\">(\($0))</span>" } ?? ""
        #expect(html(text) == "<p><a href=\"\(address)\"\(Self.followed)>\(shown)</a>\(host)</p>")
    }

    @Test(arguments: [
        "javascript:alert(1)", "data:text/html,x", "/a", "#a", "a.html", "//b.test", "https:b.test",
        "https:/b.test", "https://", "https:///x", "mailto:", "ftp://b.test", "blob:https://b.test",
        "<https://b .test>", "<https://b.test\\\\@c.test>", "https://b&#9;.test",
        "https://b&shy;.test",
    ])
    func `Other addresses are not followed`(_ address: String) {
        #expect(html("[text](\(address))") == "<p>text</p>")
    }

    @Test func `An image in a link is its text`() {
        let text = "[![a](https://b.test/i.png)](https://c.test)"
        let link = "<a href=\"https://c.test\"\(Self.followed)>a</a>"
        #expect(html(text) == "<p>\(link) <span class=\"host\">(c.test)</span></p>")
    }

    @Test func `Lists are nested, numbered and spaced as they were written`() {
        #expect(
            html("- a\n  1. b\n- [x] c")
                == "<ul class=\"tight\"><li><p>a</p><ol class=\"tight\"><li><p>b</p></li></ol></li>"
                + "<li class=\"task\"><span class=\"box\" role=\"img\" aria-label=\"done\">☑</span>"
                + "<p>c</p></li></ul>"
        )
        #expect(html("7) a\n\n8) b") == "<ol start=\"7\"><li><p>a</p></li><li><p>b</p></li></ol>")
        #expect(html("- a\n- b\n\n  c") == "<ul><li><p>a</p></li><li><p>b</p><p>c</p></li></ul>")
    }

    @Test func `A long list goes on in another`() {
        let text = (1...600).map { "\($0). item number \($0)\n" }.joined()
        let blocks = HTMLRenderer.blocks(text)
        #expect(blocks.count > 1)
        #expect(blocks.allSatisfy { $0.utf8.count < 10_000 })
        var next = 1
        for block in blocks {
            let start = block.firstMatch(of: /<ol start="(\d+)" class="tight goes-on">/)
            #expect(Int(start?.1 ?? "1") == next)
            next += block.matches(of: /<li>/).count
        }
        #expect(next == 601)
    }

    @Test func `Tables keep their sides`() {
        #expect(
            html("| a | b |\n|:-:|--:|\n| c | d<br>e |\n| f |")
                == "<div class=\"table\" tabindex=\"0\"><table><thead><tr><th class=\"center\">a</th>"
                + "<th class=\"right\">b</th></tr></thead><tbody><tr><td class=\"center\">c</td>"
                + "<td class=\"right\">d<br>e</td></tr><tr><td class=\"center\">f</td></tr></tbody>"
                + "</table></div>"
        )
    }

    @Test func `A definition resolves the links before it and shows nothing`() {
        let text = "[a] and\n\n- [a]\n\n[a]: https://b.test\n"
        let blocks = HTMLRenderer.blocks(text)
        #expect(blocks.count == 2)
        #expect(blocks.allSatisfy { $0.contains("<a href=\"https://b.test\"") })
    }

    @Test func `A block whose HTML is far longer than its text is shown as text`() {
        let text = String(repeating: "[a](http:\\//b.cc)", count: 2600).replacing("\\", with: "")
        let blocks = HTMLRenderer.blocks(text)
        #expect(!blocks.isEmpty)
        #expect(blocks.contains { $0.hasPrefix("<pre class=\"plain\">a") })
        #expect(blocks.allSatisfy { $0.utf8.count <= 300 * 1024 })
    }

    @Test func `The blocks of pieces are those of the whole as cmark reads it`() {
        for seed in 400_000..<400_400 {
            var random = RandomMarkdown(random: SeededGenerator(seed: UInt64(seed)))
            let text = random.text(lines: 14).replacing("]:", with: "] :")
            var whole = BlockSequence()
            for block in MarkdownDocument(text).blocks {
                whole.take(MarkdownReader.Part(block: block))
            }
            let html = whole.blocks.map(\.html)
            #expect(HTMLRenderer.blocks(text) == html, "\(seed) \(text.debugDescription)")
        }
    }

    @Test(arguments: HostileMarkdown.texts)
    func `Nothing but the known elements comes out`(_ text: String) {
        for form in [
            text, "a \(text) b\n\n\(text)", "- \(text)", "> \(text)",
            "| \(text) |\n|-|\n| \(text) |",
        ] {
            for block in HTMLRenderer.blocks(form) where !block.isEmpty {
                #expect(HTMLChecker.offences(in: block) == [], "\(form) \(block)")
            }
        }
    }

    @Test(arguments: [
        "<script>", "<p onclick=\"x\">", "<p>a", "a", "<p><b></p>", "<p>&x;</p>", "<p>></p>",
        "<a href=\"javascript:x\"></a>", "<p></p><p></p>", "<code class=\"x\"></code>",
        "<p>\u{1}</p>",
    ])
    func `The checker finds what is wrong`(_ html: String) {
        #expect(HTMLChecker.offences(in: html) != [])
    }
}
