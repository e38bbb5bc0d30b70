// CPython started as the command starts it, running one file: the floor of its start.
// SPDX-License-Identifier: Apache-2.0
//
//   start                              loads the library and ends
//   start SCRIPT PYTHON BYTECODE PATH… runs the script, and ends without finalising

#include <Python.h>
#include <stdio.h>
#include <unistd.h>

static void check(PyStatus status) {
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

int main(int count, char **words) {
    if (count < 4) return Py_GetVersion()[0] == 0;
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    check(Py_PreInitialize(&before));
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.install_signal_handlers = 0;
    config.parse_argv = 0;
    check(PyConfig_SetBytesString(&config, &config.program_name, words[2]));
    check(PyConfig_SetBytesString(&config, &config.executable, words[2]));
    check(PyConfig_SetBytesString(&config, &config.pycache_prefix, words[3]));
    check(Py_InitializeFromConfig(&config));
    PyObject *path = PySys_GetObject("path");
    for (int index = 4; index < count; index++) {
        PyObject *folder = PyUnicode_DecodeFSDefault(words[index]);
        if (folder == NULL || PyList_Insert(path, 0, folder) != 0) return 1;
        Py_DECREF(folder);
    }
    FILE *script = fopen(words[1], "r");
    int status = script == NULL || PyRun_SimpleFile(script, words[1]) != 0;
    fflush(stdout);
    _exit(status);
}
