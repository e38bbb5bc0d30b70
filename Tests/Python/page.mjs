// A page without a browser: runs the example in Pyodide under Node, and asks it.
// SPDX-License-Identifier: Apache-2.0

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const [distribution, folder, ...messages] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${distribution}/pyodide.mjs`));
const source = await readFile(`${folder}/page.js`, "base64");
const { start } = await import(`data:text/javascript;base64,${source}`);

// Where a page has an address, and its server serves the folder.
const address = "http://page.example/";
const OwnRequest = globalThis.Request;
globalThis.Request = class extends OwnRequest {
    constructor(resource, options) {
        super(typeof resource === "string" ? new URL(resource, address) : resource, options);
    }
};
globalThis.fetch = async (resource) => {
    const url = new URL(typeof resource === "string" ? resource : resource.url, address);
    return new Response(await readFile(`${folder}${url.pathname}`));
};

const end = (error) => {
    console.error(error);
    process.exit(1);
};
let left = messages.length;
const display = (text) => {
    console.log(text);
    left -= 1;
    if (left === 0) process.exit(0);
};
const send = await start(await loadPyodide(), display, end);
for (const message of messages) send(message);
