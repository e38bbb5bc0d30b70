// Runs main.py in Pyodide, and is the host that it expects.
// SPDX-License-Identifier: Apache-2.0

/**
 * Starts the app; `display` shows an answer, and what is returned takes a message.
 *
 * `main()` runs until the page is closed; `failed` is told if it ends before.
 */
export async function start(pyodide, display, failed) {
    pyodide.registerJsModule("js_module", { displayResponse: async (text) => display(text) });
    const source = await fetch("main.py");
    pyodide.FS.writeFile("main.py", await source.text());
    const app = pyodide.pyimport("main");
    app.main().catch(failed);
    return (message) => app.sender_message_proxy("", message);
}
