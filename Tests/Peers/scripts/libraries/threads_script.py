# SPDX-License-Identifier: Apache-2.0
import sys
import threading

done = threading.Event()


def work(name: str) -> None:
    if name == "fails":
        raise RuntimeError("in a thread")
    if name == "exits":
        sys.exit(9)
    done.wait()
    print(name, "ends after the script", threading.current_thread().daemon)


for name in ("fails", "exits", "waits"):
    threading.Thread(target=work, args=(name,), name=name).start()
threading.Thread(target=threading.Event().wait, daemon=True).start()
print(
    threading.current_thread() is threading.main_thread(), threading.main_thread().name
)
threading.Timer(0.1, done.set).start()
