# SPDX-License-Identifier: Apache-2.0
# input: "one\ntwo\nthree\nlast without end"
import sys

print(repr(input()))
print(repr(sys.stdin.readline()))
print(repr(sys.stdin.read(3)))
print([line for line in sys.stdin])
print(sys.stdin.isatty(), sys.stdin.fileno(), repr(sys.stdin.buffer.read()))
