# SPDX-License-Identifier: Apache-2.0
import logging
import logging.config
import logging.handlers
import queue

logging.basicConfig(
    level=logging.DEBUG,
    format="%(levelname)s %(name)s %(module)s.%(funcName)s %(threadName)s %(processName)s: %(message)s",
)
log = logging.getLogger("a.b")


def work() -> None:
    log.debug("in %s", "work")
    try:
        [][0]
    except IndexError:
        log.exception("caught")


work()
logging.captureWarnings(True)
lines: "queue.Queue[logging.LogRecord]" = queue.Queue()
listener = logging.handlers.QueueListener(lines, logging.StreamHandler())
listener.start()
log.addHandler(logging.handlers.QueueHandler(lines))
log.warning("twice")
listener.stop()
log.error("%d", "no number")
