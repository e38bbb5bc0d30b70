# SPDX-License-Identifier: Apache-2.0
import asyncio
import contextlib

import httpx2


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # CPython 3.12 reports each connection whose task is cancelled at the end.
    with contextlib.suppress(asyncio.CancelledError):
        await answer(reader, writer)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        path = line.split()[1]
        while await reader.readline() not in (b"\r\n", b""):
            pass
        if path == b"/slow":
            await asyncio.sleep(30)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path)
        )
        await writer.drain()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answers = await asyncio.gather(*(client.get(f"/{n}") for n in range(5)))
        print([(answer.status_code, answer.text) for answer in answers])
        async with client.stream("GET", "/stream") as answer:
            print([piece async for piece in answer.aiter_text()])
        try:
            await client.get("/slow", timeout=0.05)
        except httpx2.ReadTimeout as exc:
            print("read timed out:", type(exc).__name__)
        task = asyncio.create_task(client.get("/slow"))
        await asyncio.sleep(0.05)
        task.cancel()
        print(await asyncio.gather(task, return_exceptions=True))
    server.close()


asyncio.run(main())
try:
    httpx2.get("http://127.0.0.1:1/")
except httpx2.ConnectError as exc:
    print(type(exc).__name__)
