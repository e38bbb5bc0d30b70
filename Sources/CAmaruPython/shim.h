// The only place of the project that sees Python.h.
// SPDX-License-Identifier: Apache-2.0
#ifndef AMARU_SHIM_H
#define AMARU_SHIM_H
// Before Python.h: its debug builds use fd_set without including what declares it.
#include <sys/select.h>
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#endif
