# SPDX-License-Identifier: Apache-2.0
import numpy as np

a = np.arange(12.0).reshape(3, 4)
print(a @ a.T)
print(
    np.linalg.solve(np.eye(3) * 2, [1, 2, 3]),
    np.random.default_rng(7).integers(9, size=4),
)
with np.errstate(divide="raise"):
    try:
        np.divide(1.0, 0.0)
    except FloatingPointError as exc:
        print("FloatingPointError:", exc)
print(np.log([0.0]))
print(np.frombuffer(b"\1\0\2\0", dtype="<i2").tolist(), a.dtype, a.strides)
np.zeros(3) + np.zeros(4)
