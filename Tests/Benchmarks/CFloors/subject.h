// What the floors share: the objects that both sides of a row work on.
// SPDX-License-Identifier: Apache-2.0

#ifndef SUBJECT_H
#define SUBJECT_H

#include "floors.h"
#include "../CPython/headers.h"

#ifdef __cplusplus
extern "C" {
#endif

// The objects of the module `bench_subject`, and interned names; owned forever.
extern struct subject {
    PyObject *no_operation, *identity, *add, *keywords, *point;
    PyObject *name_x, *name_m, *name_pi, *keyword_names;
    PyObject *ints, *doubles, *strings, *dict;
    PyObject *texts[6];
    PyObject *code, *globals;
    PyObject *big_bytes, *sixteen_doubles;
} subject;

// Makes the compiler believe that memory is read. Reading it for real right after a copy would time
// how the copy lies in the lines of the cache, which is another each time that the program runs.
static inline void keep(const void *memory) { __asm__ volatile("" : : "r"(memory) : "memory"); }

// Ends the process with the traceback where `object` is NULL.
PyObject *must(PyObject *object);
// The same where `result` is negative.
void must_do(int result);

// Prepares the map that dict_from_map reads.
void prepare_containers(void);
// Makes the module `cfloors`, which Python code calls.
void prepare_exported(void);

#ifdef __cplusplus
}
#endif

#endif
