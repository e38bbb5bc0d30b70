// Strings each way: an owned copy of the UTF-8, and a str of UTF-8 bytes.
// SPDX-License-Identifier: Apache-2.0

#include "subject.h"

#include <stdlib.h>
#include <string.h>

void floor_string_from_python(floor_text text, long count) {
    PyObject *object = subject.texts[text];
    for (long i = 0; i < count; i++) {
        Py_ssize_t size = 0;
        const char *utf8 = PyUnicode_AsUTF8AndSize(object, &size);
        if (utf8 == NULL) must(NULL);
        char *copy = malloc(size + 1);
        memcpy(copy, utf8, size + 1);
        keep(copy);
        free(copy);
    }
}

void floor_string_view(floor_text text, long count) {
    PyObject *object = subject.texts[text];
    long sum = 0;
    for (long i = 0; i < count; i++) {
        Py_ssize_t size = 0;
        if (PyUnicode_AsUTF8AndSize(object, &size) == NULL) must(NULL);
        sum += size;
    }
    floor_sink += sum;
}

void floor_string_to_python(floor_text text, long count) {
    Py_ssize_t size = 0;
    const char *utf8 = PyUnicode_AsUTF8AndSize(subject.texts[text], &size);
    if (utf8 == NULL) must(NULL);
    for (long i = 0; i < count; i++) {
        Py_DECREF(must(PyUnicode_DecodeUTF8(utf8, size, NULL)));
    }
}
