# SPDX-License-Identifier: Apache-2.0
import asyncio

import aiohttp
from aiohttp import web


async def echo(request: web.Request) -> web.Response:
    return web.json_response({"path": request.path, "text": await request.text()})


async def main() -> None:
    app = web.Application()
    app.router.add_post("/{tail:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for text in ("one", "two"):
            async with session.post(f"/{text}", data=text) as answer:
                print(answer.status, await answer.json())
        async with session.get("/absent") as answer:
            print(answer.status, answer.reason)
    await runner.cleanup()


asyncio.run(main())
