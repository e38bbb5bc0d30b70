// CPython's headers, for the floors in C.
// SPDX-License-Identifier: Apache-2.0

#ifndef BENCH_PYTHON_H
#define BENCH_PYTHON_H

// As CPython itself and extensions are compiled: its inline functions are full of assertions.
#ifndef NDEBUG
#define NDEBUG 1
#endif

// Before Python.h: with Py_DEBUG it uses fd_set without including what declares it.
#include <sys/select.h>
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#endif
