# SPDX-License-Identifier: Apache-2.0
# input: "q\n"
print("before")
breakpoint()
print("never")
