# SPDX-License-Identifier: Apache-2.0
import asyncio
import os
import signal
import subprocess
import sys


async def main() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys; print(sys.stdin.read().upper()); sys.exit(3)",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    out, _ = await child.communicate(b"hello")
    print(out, child.returncode)
    shell = await asyncio.create_subprocess_shell("echo from a shell; exit 4")
    print(await shell.wait())
    sleeper = await asyncio.create_subprocess_exec("sleep", "60")
    sleeper.terminate()
    print(await sleeper.wait() == -signal.SIGTERM)
    both = await asyncio.gather(
        *(asyncio.create_subprocess_exec("sh", "-c", f"exit {n}") for n in range(4))
    )
    print([await each.wait() for each in both])


asyncio.run(main())
print(subprocess.run(["cat"], input=b"bytes", capture_output=True).stdout)
print(os.waitstatus_to_exitcode(os.system("exit 5")))
