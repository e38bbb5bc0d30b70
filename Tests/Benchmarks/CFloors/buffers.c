// Buffers: views without a copy each way, and a small copy out of an array of doubles.
// SPDX-License-Identifier: Apache-2.0

#include "subject.h"

#include <stdlib.h>
#include <string.h>

void floor_view_bytes(long count) {
    long sum = 0;
    for (long i = 0; i < count; i++) {
        Py_buffer view;
        must_do(PyObject_GetBuffer(subject.big_bytes, &view, PyBUF_SIMPLE));
        sum += ((const char *)view.buf)[view.len - 1];
        PyBuffer_Release(&view);
    }
    floor_sink += sum;
}

void floor_view_memory(long count) {
    static char *memory;
    const Py_ssize_t size = 64 << 20;
    if (memory == NULL) memory = calloc(size, 1);
    for (long i = 0; i < count; i++) {
        Py_DECREF(must(PyMemoryView_FromMemory(memory, size, PyBUF_WRITE)));
    }
}

void floor_copy_doubles(long count) {
    for (long i = 0; i < count; i++) {
        Py_buffer view;
        must_do(PyObject_GetBuffer(subject.sixteen_doubles, &view, PyBUF_ND | PyBUF_FORMAT));
        if (view.format == NULL || strcmp(view.format, "d") != 0) must(NULL);
        double *copy = malloc(view.len);
        memcpy(copy, view.buf, view.len);
        PyBuffer_Release(&view);
        keep(copy);
        free(copy);
    }
}
