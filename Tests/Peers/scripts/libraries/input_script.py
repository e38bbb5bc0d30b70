# SPDX-License-Identifier: Apache-2.0
# input: "Ada\n36\n"
name = input("Name? ")
age = int(input())
print(f"{name} will be {age + 1}")
try:
    input("More? ")
except EOFError as exc:
    print("EOFError:", exc)
input()
