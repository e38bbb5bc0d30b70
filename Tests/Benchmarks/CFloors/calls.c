// Calls, attributes, imports, evaluation: host to Python.
// SPDX-License-Identifier: Apache-2.0

#include "subject.h"

// A result as a C integer, checked as a program would.
static long taken_long(PyObject *object) {
    long value = PyLong_AsLong(must(object));
    if (value == -1 && PyErr_Occurred()) must(NULL);
    Py_DECREF(object);
    return value;
}

void floor_call0(long count) {
    for (long i = 0; i < count; i++) {
        Py_DECREF(must(PyObject_CallNoArgs(subject.no_operation)));
    }
}

void floor_call1(long count) {
    long sum = 0;
    for (long i = 0; i < count; i++) {
        PyObject *slots[2] = {NULL, must(PyLong_FromLong(1000 + i))};
        PyObject *result = PyObject_Vectorcall(subject.identity, slots + 1,
                                               1 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        Py_DECREF(slots[1]);
        sum += taken_long(result);
    }
    floor_sink += sum;
}

void floor_call2(long count) {
    long sum = 0;
    for (long i = 0; i < count; i++) {
        PyObject *slots[3] = {NULL, must(PyLong_FromLong(1000 + i)), must(PyLong_FromLong(2000))};
        PyObject *result =
            PyObject_Vectorcall(subject.add, slots + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        Py_DECREF(slots[1]);
        Py_DECREF(slots[2]);
        sum += taken_long(result);
    }
    floor_sink += sum;
}

void floor_call_keywords(long count) {
    long sum = 0;
    for (long i = 0; i < count; i++) {
        PyObject *slots[4] = {NULL, must(PyLong_FromLong(1000 + i)), must(PyLong_FromLong(2000)),
                              must(PyLong_FromLong(3000))};
        PyObject *result =
            PyObject_Vectorcall(subject.keywords, slots + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET,
                                subject.keyword_names);
        Py_DECREF(slots[1]);
        Py_DECREF(slots[2]);
        Py_DECREF(slots[3]);
        sum += taken_long(result);
    }
    floor_sink += sum;
}

void floor_attribute(long count) {
    long sum = 0;
    for (long i = 0; i < count; i++) {
        sum += taken_long(PyObject_GetAttr(subject.point, subject.name_x));
    }
    floor_sink += sum;
}

void floor_set_attribute(long count) {
    for (long i = 0; i < count; i++) {
        PyObject *value = must(PyLong_FromLong(1000 + i));
        must_do(PyObject_SetAttr(subject.point, subject.name_x, value));
        Py_DECREF(value);
    }
}

void floor_method(long count) {
    long sum = 0;
    for (long i = 0; i < count; i++) {
        PyObject *slots[3] = {NULL, subject.point, must(PyLong_FromLong(1000 + i))};
        PyObject *result = PyObject_VectorcallMethod(
            subject.name_m, slots + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        Py_DECREF(slots[2]);
        sum += taken_long(result);
    }
    floor_sink += sum;
}

static void import_repeatedly(long count) {
    double sum = 0;
    for (long i = 0; i < count; i++) {
        PyObject *module = must(PyImport_ImportModule("math"));
        PyObject *value = must(PyObject_GetAttr(module, subject.name_pi));
        Py_DECREF(module);
        sum += PyFloat_AsDouble(value);
        Py_DECREF(value);
    }
    floor_sink += (long)sum;
}

void floor_import_in_frame(long count) { import_repeatedly(count); }

// A thread state of its own has no Python code on its stack, as in a C program that embeds Python;
// PyImport_Import does more there.
void floor_import(long count) {
    PyThreadState *own = PyThreadState_New(PyInterpreterState_Get());
    PyThreadState *previous = PyThreadState_Swap(own);
    import_repeatedly(count);
    PyThreadState_Swap(previous);
    PyThreadState_Clear(own);
    PyThreadState_Delete(own);
}

void floor_evaluate(long count) {
    long sum = 0;
    for (long i = 0; i < count; i++) {
        sum += taken_long(PyEval_EvalCode(subject.code, subject.globals, subject.globals));
    }
    floor_sink += sum;
}
