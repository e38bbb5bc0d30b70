# SPDX-License-Identifier: Apache-2.0
# arguments: --count 3 file.txt --no-colour -- --odd
import argparse
import sys

parser = argparse.ArgumentParser(description="Counts.")
parser.add_argument("--count", type=int, default=1)
parser.add_argument("--colour", action=argparse.BooleanOptionalAction, default=True)
parser.add_argument("names", nargs="*")
print(parser.prog, vars(parser.parse_args()))
print(sys.argv[1:])
parser.parse_args(["--count", "many"])
