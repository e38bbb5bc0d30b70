// The module `cfloors`: what Python code calls, as METH_FASTCALL functions and a heap type.
// SPDX-License-Identifier: Apache-2.0

#include "subject.h"

#define FASTCALL(function) ((PyCFunction)(void (*)(void))(function))

typedef PyObject *const *arguments;

static int takes(Py_ssize_t count, Py_ssize_t expected) {
    if (count == expected) return 1;
    PyErr_Format(PyExc_TypeError, "takes %zd arguments (%zd given)", expected, count);
    return 0;
}

// MARK: Functions

static PyObject *no_operation(PyObject *self, arguments slots, Py_ssize_t count) {
    if (!takes(count, 0)) return NULL;
    Py_RETURN_NONE;
}

static PyObject *increment(PyObject *self, arguments slots, Py_ssize_t count) {
    if (!takes(count, 1)) return NULL;
    long value = PyLong_AsLong(slots[0]);
    if (value == -1 && PyErr_Occurred()) return NULL;
    return PyLong_FromLong(value + 1);
}

static PyObject *name_create_future, *name_set_result;

// A future of the loop that is the argument, already done: what a C function would return that
// finishes before it has to wait.
static PyObject *done_future(PyObject *self, arguments slots, Py_ssize_t count) {
    if (!takes(count, 1)) return NULL;
    PyObject *future = PyObject_CallMethodNoArgs(slots[0], name_create_future);
    if (future == NULL) return NULL;
    PyObject *result = PyObject_CallMethodOneArg(future, name_set_result, Py_None);
    if (result == NULL) {
        Py_DECREF(future);
        return NULL;
    }
    Py_DECREF(result);
    return future;
}

static PyMethodDef functions[] = {
    {"no_operation", FASTCALL(no_operation), METH_FASTCALL, NULL},
    {"increment", FASTCALL(increment), METH_FASTCALL, NULL},
    {"done_future", FASTCALL(done_future), METH_FASTCALL, NULL},
    {NULL},
};

// MARK: The class

typedef struct {
    PyObject_HEAD
    long value;
} number;

static PyObject *number_new(PyTypeObject *type, PyObject *positional, PyObject *keywords) {
    long value = 0;
    if (!PyArg_ParseTuple(positional, "l", &value)) return NULL;
    number *self = (number *)type->tp_alloc(type, 0);
    if (self != NULL) self->value = value;
    return (PyObject *)self;
}

static void number_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *number_get_value(PyObject *self, void *closure) {
    return PyLong_FromLong(((number *)self)->value);
}

static PyObject *number_no_operation(PyObject *self, arguments slots, Py_ssize_t count) {
    if (!takes(count, 0)) return NULL;
    Py_RETURN_NONE;
}

static PyObject *number_plus(PyObject *self, arguments slots, Py_ssize_t count) {
    if (!takes(count, 1)) return NULL;
    long value = PyLong_AsLong(slots[0]);
    if (value == -1 && PyErr_Occurred()) return NULL;
    return PyLong_FromLong(((number *)self)->value + value);
}

static PyMethodDef number_methods[] = {
    {"no_operation", FASTCALL(number_no_operation), METH_FASTCALL, NULL},
    {"plus", FASTCALL(number_plus), METH_FASTCALL, NULL},
    {NULL},
};

static PyGetSetDef number_properties[] = {
    {"value", number_get_value, NULL, NULL, NULL},
    {NULL},
};

static PyType_Slot number_slots[] = {
    {Py_tp_new, number_new},
    {Py_tp_dealloc, number_dealloc},
    {Py_tp_methods, number_methods},
    {Py_tp_getset, number_properties},
    {0, NULL},
};

static PyType_Spec number_spec = {
    .name = "cfloors.Number",
    .basicsize = sizeof(number),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = number_slots,
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "cfloors", NULL, -1, functions};

void prepare_exported(void) {
    name_create_future = must(PyUnicode_InternFromString("create_future"));
    name_set_result = must(PyUnicode_InternFromString("set_result"));
    PyObject *module = must(PyModule_Create(&definition));
    PyObject *type = must(PyType_FromSpec(&number_spec));
    must_do(PyModule_AddObjectRef(module, "Number", type));
    must_do(PyDict_SetItemString(PyImport_GetModuleDict(), "cfloors", module));
    Py_DECREF(type);
    Py_DECREF(module);
}
