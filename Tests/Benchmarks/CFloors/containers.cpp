// Lists, dicts and iteration. C++ for its hash map: C has none to compare a dictionary with.
// SPDX-License-Identifier: Apache-2.0

#include "subject.h"

#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

// As many as the subject has.
static std::vector<long> integers;
static std::unordered_map<std::string, long> map;

extern "C" void prepare_containers(void) {
    integers.resize(PyList_Size(subject.ints));
    for (size_t i = 0; i < integers.size(); i++) integers[i] = 1000 + i;
    map.clear();
    Py_ssize_t entries = PyDict_Size(subject.dict);
    for (Py_ssize_t i = 0; i < entries; i++) map["key" + std::to_string(i)] = 1000 + i;
}

static long checked_long(PyObject *object) {
    long value = PyLong_AsLong(object);
    if (value == -1 && PyErr_Occurred()) must(nullptr);
    return value;
}

extern "C" void floor_ints_from_list(long count) {
    long sum = 0;
    for (long i = 0; i < count; i++) {
        Py_ssize_t size = PyList_Size(subject.ints);
        long *values = static_cast<long *>(malloc(size * sizeof(long)));
        for (Py_ssize_t j = 0; j < size; j++) {
            values[j] = checked_long(PyList_GetItem(subject.ints, j));  // borrowed
        }
        sum += values[size - 1];
        free(values);
    }
    floor_sink += sum;
}

extern "C" void floor_doubles_from_list(long count) {
    long sum = 0;
    for (long i = 0; i < count; i++) {
        Py_ssize_t size = PyList_Size(subject.doubles);
        double *values = static_cast<double *>(malloc(size * sizeof(double)));
        for (Py_ssize_t j = 0; j < size; j++) {
            double value = PyFloat_AsDouble(PyList_GetItem(subject.doubles, j));  // borrowed
            if (value == -1 && PyErr_Occurred()) must(nullptr);
            values[j] = value;
        }
        sum += static_cast<long>(values[size - 1]);
        free(values);
    }
    floor_sink += sum;
}

// Owned copies in one block: the least that a C program can do to keep the texts.
extern "C" void floor_strings_from_list(long count) {
    struct text {
        char *start;
        Py_ssize_t size;
    };
    long sum = 0;
    for (long i = 0; i < count; i++) {
        Py_ssize_t size = PyList_Size(subject.strings);
        text *texts = static_cast<text *>(malloc(size * sizeof(text)));
        size_t capacity = 16 * size, used = 0;
        char *block = static_cast<char *>(malloc(capacity));
        for (Py_ssize_t j = 0; j < size; j++) {
            Py_ssize_t bytes = 0;
            const char *utf8 = PyUnicode_AsUTF8AndSize(PyList_GetItem(subject.strings, j), &bytes);
            if (utf8 == nullptr || used + bytes > capacity) must(nullptr);
            memcpy(block + used, utf8, bytes);
            texts[j] = {block + used, bytes};
            used += bytes;
        }
        sum += texts[size - 1].size;
        free(block);
        free(texts);
    }
    floor_sink += sum;
}

extern "C" void floor_list_from_ints(long count) {
    const long *values = integers.data();
    Py_ssize_t size = static_cast<Py_ssize_t>(integers.size());
    for (long i = 0; i < count; i++) {
        PyObject *list = must(PyList_New(size));
        for (Py_ssize_t j = 0; j < size; j++) {
            PyList_SET_ITEM(list, j, must(PyLong_FromLong(values[j])));
        }
        Py_DECREF(list);
    }
}

extern "C" void floor_map_from_dict(long count) {
    long sum = 0;
    for (long i = 0; i < count; i++) {
        std::unordered_map<std::string, long> result;
        result.reserve(PyDict_Size(subject.dict));
        Py_ssize_t position = 0;
        PyObject *key = nullptr, *value = nullptr;  // borrowed
        while (PyDict_Next(subject.dict, &position, &key, &value)) {
            Py_ssize_t size = 0;
            const char *utf8 = PyUnicode_AsUTF8AndSize(key, &size);
            if (utf8 == nullptr) must(nullptr);
            result.emplace(std::string(utf8, size), checked_long(value));
        }
        sum += static_cast<long>(result.size());
    }
    floor_sink += sum;
}

extern "C" void floor_dict_from_map(long count) {
    for (long i = 0; i < count; i++) {
        PyObject *dict = must(PyDict_New());
        for (const auto &[key, value] : map) {
            PyObject *name = must(PyUnicode_FromStringAndSize(key.data(), key.size()));
            PyObject *number = must(PyLong_FromLong(value));
            must_do(PyDict_SetItem(dict, name, number));
            Py_DECREF(name);
            Py_DECREF(number);
        }
        Py_DECREF(dict);
    }
}

extern "C" void floor_iterate(long count) {
    long sum = 0;
    for (long i = 0; i < count; i++) {
        PyObject *iterator = must(PyObject_GetIter(subject.ints));
        while (PyObject *item = PyIter_Next(iterator)) {
            sum += checked_long(item);
            Py_DECREF(item);
        }
        if (PyErr_Occurred()) must(nullptr);
        Py_DECREF(iterator);
    }
    floor_sink += sum;
}
