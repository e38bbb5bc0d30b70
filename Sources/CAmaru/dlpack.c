// DLPack both ways: the tensor in a capsule, and a capsule of what has the buffer protocol.
// SPDX-License-Identifier: Apache-2.0

#include "CAmaru.h"

#include <stdlib.h>
#include <string.h>

static const char plain_name[] = "dltensor", versioned_name[] = "dltensor_versioned";

const amaru_dl_tensor *amaru_dl_read(PyObject *capsule, int *is_read_only) {
    *is_read_only = 0;
    if (!PyCapsule_IsValid(capsule, versioned_name)) {
        amaru_dl_managed *managed = PyCapsule_GetPointer(capsule, plain_name);
        return managed == NULL ? NULL : &managed->tensor;
    }
    amaru_dl_versioned *managed = PyCapsule_GetPointer(capsule, versioned_name);
    if (managed->major != 1) {
        PyErr_Format(PyExc_BufferError, "DLPack %u.%u is unknown", managed->major, managed->minor);
        return NULL;
    }
    *is_read_only = (managed->flags & AMARU_DL_READ_ONLY) != 0;
    return &managed->tensor;
}

// A tensor that is lent, with the buffer that it is.
typedef struct {
    amaru_dl_managed plain;
    amaru_dl_versioned versioned;
    Py_buffer view;
    int64_t strides[];
} lent;

// Called by the consumer, on any thread.
static void give_back(lent *self) {
    // Python's memory went with the interpreter.
    if (!Py_IsInitialized()) return;
    PyGILState_STATE state = PyGILState_Ensure();
    PyBuffer_Release(&self->view);
    free(self);
    PyGILState_Release(state);
}

static void delete_plain(amaru_dl_managed *self) { give_back(self->context); }
static void delete_versioned(amaru_dl_versioned *self) { give_back(self->context); }

// A consumer renames the capsule whose tensor it takes.
static void destroy_capsule(PyObject *capsule) {
    if (PyCapsule_IsValid(capsule, plain_name)) {
        delete_plain(PyCapsule_GetPointer(capsule, plain_name));
    } else if (PyCapsule_IsValid(capsule, versioned_name)) {
        delete_versioned(PyCapsule_GetPointer(capsule, versioned_name));
    }
}

static uint8_t code_of(const char *format) {
    switch (format == NULL ? 'B' : format[0]) {
    case 'b': case 'h': case 'i': case 'q': return AMARU_DL_INT;
    case 'e': case 'f': case 'd': return AMARU_DL_FLOAT;
    case '?': return AMARU_DL_BOOL;
    default: return AMARU_DL_UINT;
    }
}

// Returns 0 with an exception if the elements are no whole number of elements apart.
static int describe(lent *self, amaru_dl_tensor *tensor) {
    const Py_buffer *view = &self->view;
    for (int i = 0; i < view->ndim; i++) {
        if (view->strides[i] % view->itemsize != 0) {
            PyErr_SetString(PyExc_BufferError, "DLPack has strides of whole elements only");
            return 0;
        }
        self->strides[i] = view->strides[i] / view->itemsize;
    }
    tensor->data = view->buf;
    tensor->device.type = AMARU_DL_CPU;
    tensor->dimensions = view->ndim;
    tensor->type = (amaru_dl_type){code_of(view->format), (uint8_t)(view->itemsize * 8), 1};
    tensor->shape = (int64_t *)view->shape;
    tensor->strides = self->strides;
    return 1;
}

static PyObject *capsule_of(lent *self, int is_versioned) {
    self->plain.context = self->versioned.context = self;
    self->plain.deleter = delete_plain;
    self->versioned.deleter = delete_versioned;
    self->versioned.major = 1;
    self->versioned.flags = self->view.readonly ? AMARU_DL_READ_ONLY : 0;
    if (!describe(self, is_versioned ? &self->versioned.tensor : &self->plain.tensor)) return NULL;
    return is_versioned ? PyCapsule_New(&self->versioned, versioned_name, destroy_capsule)
                        : PyCapsule_New(&self->plain, plain_name, destroy_capsule);
}

static int is_elsewhere(PyObject *device) {
    long type = AMARU_DL_CPU, number = 0;
    if (device == Py_None) return 0;
    return !PyArg_ParseTuple(device, "ll", &type, &number) || type != AMARU_DL_CPU;
}

// https://data-apis.org/array-api/latest/API_specification/generated/array_api.array.__dlpack__.html
static PyObject *dlpack(PyObject *self, PyObject *arguments, PyObject *keywords) {
    static char *names[] = {"stream", "max_version", "dl_device", "copy", NULL};
    PyObject *stream = Py_None, *version = Py_None, *device = Py_None, *copy = Py_None;
    int major = 0, minor = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|$OOOO:__dlpack__", names, &stream,
                                     &version, &device, &copy)
        || (version != Py_None && !PyArg_ParseTuple(version, "ii", &major, &minor))) {
        return NULL;
    }
    if (stream != Py_None || copy == Py_True || is_elsewhere(device)) {
        PyErr_SetString(PyExc_BufferError, "the memory is that of the CPU, and is not copied");
        return NULL;
    }
    Py_buffer view;
    if (PyObject_GetBuffer(self, &view, PyBUF_FULL_RO) != 0) return NULL;
    PyObject *capsule = NULL;
    lent *tensor = calloc(1, sizeof(lent) + view.ndim * sizeof(int64_t));
    if (tensor == NULL) {
        PyErr_NoMemory();
    } else if (view.readonly && major < 1) {
        PyErr_SetString(PyExc_BufferError, "read-only memory takes max_version=(1, 0)");
    } else {
        tensor->view = view;
        capsule = capsule_of(tensor, major >= 1);
    }
    if (capsule == NULL) {
        PyBuffer_Release(&view);
        free(tensor);
    }
    return capsule;
}

static PyObject *dlpack_device(PyObject *self, PyObject *unused) {
    return Py_BuildValue("(ii)", AMARU_DL_CPU, 0);
}

PyMethodDef *amaru_dl_method_table(void) {
    static PyMethodDef methods[] = {
        {"__dlpack__", (PyCFunction)(void (*)(void))dlpack, METH_VARARGS | METH_KEYWORDS,
         "A capsule of the memory, for libraries that speak DLPack."},
        {"__dlpack_device__", dlpack_device, METH_NOARGS, "The device of the memory: the CPU."},
        {NULL, NULL, 0, NULL},
    };
    return methods;
}
