# SPDX-License-Identifier: Apache-2.0
# input: "p total\nn\nup\np before\np __name__\nc\n"
import pdb


def add(numbers: list[int]) -> int:
    total = 0
    for number in numbers:
        total += number
    pdb.set_trace()
    return total


before = "the call"
print(add([1, 2, 3]))
