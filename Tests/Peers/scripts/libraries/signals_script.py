# SPDX-License-Identifier: Apache-2.0
import os
import signal
import sys
import time


got: list[str] = []


def told(number: int, frame: object) -> None:
    got.append(signal.Signals(number).name)


for each in (signal.SIGUSR1, signal.SIGTERM, signal.SIGALRM):
    signal.signal(each, told)
    os.kill(os.getpid(), each)
    while each.name not in got:
        time.sleep(0.001)
signal.setitimer(signal.ITIMER_REAL, 0.02)
while len(got) < 4:
    time.sleep(0.001)
print(got, signal.getsignal(signal.SIGTERM) is told)
sys.stdout.flush()
signal.signal(signal.SIGTERM, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(5)
