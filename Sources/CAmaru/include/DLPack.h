// DLPack: arrays of numbers as the libraries for them pass them on, without a copy.
// SPDX-License-Identifier: Apache-2.0
//
// The structures of https://dmlc.github.io/dlpack/latest/c_api.html, whose layout is an ABI.

#ifndef AMARU_DLPACK_H
#define AMARU_DLPACK_H

#include <stdint.h>

#define AMARU_DL_CPU 1
#define AMARU_DL_INT 0
#define AMARU_DL_UINT 1
#define AMARU_DL_FLOAT 2
#define AMARU_DL_BOOL 6
#define AMARU_DL_READ_ONLY 1

typedef struct {
    int32_t type;
    int32_t number;
} amaru_dl_device;

typedef struct {
    uint8_t code;
    uint8_t bits;
    uint16_t lanes;
} amaru_dl_type;

typedef struct {
    void *data;
    amaru_dl_device device;
    int32_t dimensions;
    amaru_dl_type type;
    int64_t *shape;
    // In elements, not bytes; NULL where they lie one after the other.
    int64_t *strides;
    uint64_t byte_offset;
} amaru_dl_tensor;

typedef struct amaru_dl_managed {
    amaru_dl_tensor tensor;
    void *context;
    void (*deleter)(struct amaru_dl_managed *self);
} amaru_dl_managed;

typedef struct amaru_dl_versioned {
    uint32_t major, minor;
    void *context;
    void (*deleter)(struct amaru_dl_versioned *self);
    uint64_t flags;
    amaru_dl_tensor tensor;
} amaru_dl_versioned;

// The tensor in a capsule, which keeps it; NULL with an exception for any other object.
const amaru_dl_tensor *amaru_dl_read(PyObject *capsule, int *is_read_only);

// `__dlpack__` and `__dlpack_device__` of an object with the buffer protocol.
PyMethodDef *amaru_dl_method_table(void);

#endif
