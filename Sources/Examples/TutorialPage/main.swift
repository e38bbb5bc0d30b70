// The tutorial's page, python.js, line by line in Swift: a chat on the terminal.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruHTTP
import Foundation

// The address that the page is at, then rules FROM=TO that send requests elsewhere.
let arguments = CommandLine.arguments.dropFirst()
let (answers, chatbox) = AsyncStream.makeStream(of: Void.self)
var pyodide = try ScriptHost(routes: OriginRoutes(parsing: Array(arguments.dropFirst())))
pyodide.origin = arguments.first
pyodide.onFault = { fault in
    print("Fault:", fault)
    chatbox.finish()
}
try await pyodide.start()

// Swift functions to register with the Python environment
let jsModule = PythonModule("js_module") {
    PythonFunction("displayResponse", .positional("response")) { (response: String) async in
        var text = response
        text.unicodeScalars.removeAll { $0 != "\n" && $0.properties.generalCategory == .control }
        print("AI:", text)
        chatbox.yield()
    }
}
try await Python.register(jsModule)

try await pyodide.run(
    """
    import micropip
    import os
    from pyodide.http import pyfetch

    response = await pyfetch("app.tar.gz")
    await response.unpack_archive()

    wheels = 'https://raw.githubusercontent.com/psymbio/pyodide_wheels/main/'
    await micropip.install(wheels + 'multidict/multidict-4.7.6-py3-none-any.whl', keep_going=True)
    await micropip.install(wheels + 'frozenlist/frozenlist-1.4.0-py3-none-any.whl', keep_going=True)
    await micropip.install(wheels + 'aiohttp/aiohttp-4.0.0a2.dev0-py3-none-any.whl', keep_going=True)
    await micropip.install(wheels + 'openai/openai-1.3.7-py3-none-any.whl', keep_going=True)
    await micropip.install(wheels + 'urllib3/urllib3-2.1.0-py3-none-any.whl', keep_going=True)
    await micropip.install("ssl")
    import ssl
    await micropip.install("httpx", keep_going=True)
    import httpx
    await micropip.install(wheels + 'urllib3/urllib3-2.1.0-py3-none-any.whl', keep_going=True)
    import urllib3
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    from main import sender_message_proxy
    """
)

// Ask for the OpenAI API key, of which Python gets a placeholder.
let typed = String(cString: getpass("Please enter your OpenAI API key: "))
let openAI = try HTTPOrigin(parsing: "https://api.openai.com")
let apiKey = pyodide.network.vault.add(typed, for: openAI)

let sendMessageToPython: PythonObject = try await PythonActor.run {
    try Python.globals()["sender_message_proxy"]
}
pyodide.runInBackground("from main import main as py_main\nawait py_main()")

print("Pyodide Chat with AI Assistant")
chatbox.yield()
for await _ in answers {
    guard let userInput = readLine() else {
        await Python.shutDown()
        exit(0)
    }
    print("You:", userInput)
    _ = try await PythonActor.run { try sendMessageToPython(apiKey, userInput) as PythonObject }
}
exit(1)
