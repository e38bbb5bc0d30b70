// The objects that both sides of a row work on.
// SPDX-License-Identifier: Apache-2.0

#include "subject.h"

#include <unistd.h>

struct subject subject;
volatile long floor_sink;

PyObject *must(PyObject *object) {
    if (object == NULL) {
        PyErr_Print();
        _exit(70);
    }
    return object;
}

void must_do(int result) {
    if (result < 0) must(NULL);
}

static PyObject *named(PyObject *module, const char *name) {
    return must(PyObject_GetAttrString(module, name));
}

void floors_prepare(void) {
    PyObject *module = must(PyImport_ImportModule("bench_subject"));
    subject.no_operation = named(module, "no_operation");
    subject.identity = named(module, "identity");
    subject.add = named(module, "add");
    subject.keywords = named(module, "keywords");
    subject.point = named(module, "point");
    subject.name_x = must(PyUnicode_InternFromString("x"));
    subject.name_m = must(PyUnicode_InternFromString("m"));
    subject.name_pi = must(PyUnicode_InternFromString("pi"));
    subject.keyword_names = must(Py_BuildValue("(NN)", PyUnicode_InternFromString("b"),
                                               PyUnicode_InternFromString("c")));
    subject.ints = named(module, "ints");
    subject.doubles = named(module, "doubles");
    subject.strings = named(module, "strings");
    subject.dict = named(module, "dictionary");
    subject.texts[FLOOR_ASCII_64] = named(module, "ascii_64");
    subject.texts[FLOOR_ASCII_1024] = named(module, "ascii_1024");
    subject.texts[FLOOR_ACCENTS_64] = named(module, "accents_64");
    subject.texts[FLOOR_ACCENTS_1024] = named(module, "accents_1024");
    subject.texts[FLOOR_ASCII_LONG] = named(module, "ascii_long");
    subject.texts[FLOOR_ACCENTS_LONG] = named(module, "accents_long");
    subject.code = named(module, "code");
    subject.globals = named(module, "evaluation_globals");
    subject.big_bytes = named(module, "big_bytes");
    subject.sixteen_doubles = named(module, "sixteen_doubles");
    Py_DECREF(module);
    prepare_containers();
    prepare_exported();
}

int floor_fork(void) { return fork(); }
