// CPython's start with the configuration that the bridge uses, up to the first bytecode.
// SPDX-License-Identifier: Apache-2.0

#include "subject.h"

static void succeed(PyStatus status) {
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

void floor_start(const char *program) {
    PyPreConfig preconfiguration;
    PyPreConfig_InitIsolatedConfig(&preconfiguration);
    preconfiguration.utf8_mode = 1;
    succeed(Py_PreInitialize(&preconfiguration));
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.install_signal_handlers = 0;
    config.parse_argv = 0;
    succeed(PyConfig_SetBytesString(&config, &config.program_name, program));
    succeed(PyConfig_SetBytesString(&config, &config.executable, program));
    succeed(PyWideStringList_Append(&config.argv, L""));
    succeed(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
    PyObject *globals = must(PyModule_GetDict(must(PyImport_AddModule("__main__"))));
    PyObject *value = must(PyRun_String("6 * 7", Py_eval_input, globals, globals));
    floor_sink = PyLong_AsLong(value);
    Py_DECREF(value);
}
