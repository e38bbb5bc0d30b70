// The only place of the project that sees Python.h: CPython's API as Swift can import it.
// SPDX-License-Identifier: Apache-2.0
//
// Each function below exists because Swift cannot import what it wraps: a macro, a variadic
// function, or a static inline one whose name is also a macro. "New", "borrowed" and "stolen"
// are CPython's words: https://docs.python.org/3/glossary.html#term-borrowed-reference

#ifndef AMARU_SHIM_H
#define AMARU_SHIM_H

// Before Python.h: with Py_DEBUG it uses fd_set without including what declares it.
#include <pthread.h>
#include <sys/select.h>
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#if PY_VERSION_HEX < 0x030B0000
#error "Amaru needs CPython 3.11 or newer"
#endif

// MARK: Reference counts: macros over static inline functions of the same names.

static inline void amaru_incref(PyObject *object) { Py_INCREF(object); }
static inline void amaru_decref(PyObject *object) { Py_DECREF(object); }
static inline Py_ssize_t amaru_refcount(PyObject *object) { return Py_REFCNT(object); }
static inline PyTypeObject *amaru_type(PyObject *object) { return Py_TYPE(object); }

// MARK: Singletons: macros over address expressions. All borrowed.

static inline PyObject *amaru_none(void) { return Py_None; }
static inline PyObject *amaru_true(void) { return Py_True; }
static inline PyObject *amaru_false(void) { return Py_False; }

// MARK: Exact and subclass checks: macros.

static inline int amaru_is_bool(PyObject *object) { return PyBool_Check(object); }
static inline int amaru_is_long(PyObject *object) { return PyLong_Check(object); }
static inline int amaru_is_float(PyObject *object) { return PyFloat_Check(object); }
static inline int amaru_is_unicode(PyObject *object) { return PyUnicode_Check(object); }
static inline int amaru_is_bytes(PyObject *object) { return PyBytes_Check(object); }
static inline int amaru_is_bytearray(PyObject *object) { return PyByteArray_Check(object); }
static inline int amaru_is_list(PyObject *object) { return PyList_Check(object); }
static inline int amaru_is_tuple(PyObject *object) { return PyTuple_Check(object); }
static inline int amaru_is_dict(PyObject *object) { return PyDict_Check(object); }
static inline int amaru_is_exception(PyObject *object) { return PyExceptionInstance_Check(object); }
static inline int amaru_is_exception_class(PyObject *object) { return PyExceptionClass_Check(object); }
static inline int amaru_is_coroutine(PyObject *object) { return PyCoro_CheckExact(object); }

// MARK: Calls: macros, and flags that are expressions.

// The flag lets the callee use the slot before the first argument.
static inline size_t amaru_vectorcall_count(size_t count) {
    return count | PY_VECTORCALL_ARGUMENTS_OFFSET;
}

// MARK: Configuration: PyStatus is a struct that these macros look into.

static inline int amaru_status_failed(PyStatus status) { return PyStatus_Exception(status) != 0; }

// MARK: Version: a macro with a value that Swift imports, and one that it does not.

static inline const char *amaru_header_version(void) { return PY_VERSION; }

// MARK: Exceptions: 3.12 replaced the three-part error state by one object.
// https://docs.python.org/3/c-api/exceptions.html#c.PyErr_GetRaisedException

// Returns the raised exception, normalised and with its traceback set (new), or NULL; clears the
// error indicator.
static inline PyObject *amaru_take_exception(void) {
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type = NULL, *value = NULL, *traceback = NULL;
    PyErr_Fetch(&type, &value, &traceback);
    if (type == NULL) return NULL;
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL && value != NULL) PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

// Raises an exception object again (stolen) with the traceback that it carries.
static inline void amaru_raise_exception(PyObject *exception) {
#if PY_VERSION_HEX >= 0x030C0000
    PyErr_SetRaisedException(exception);
#else
    PyObject *type = (PyObject *)Py_TYPE(exception);
    Py_INCREF(type);
    PyErr_Restore(type, exception, PyException_GetTraceback(exception));
#endif
}

// The classes themselves are mutable global variables, which Swift 6 refuses. All borrowed.
#define AMARU_EXCEPTION(name) \
    static inline PyObject *amaru_##name(void) { return PyExc_##name; }
AMARU_EXCEPTION(BaseException)
AMARU_EXCEPTION(Exception)
AMARU_EXCEPTION(AttributeError)
AMARU_EXCEPTION(KeyboardInterrupt)
AMARU_EXCEPTION(OverflowError)
AMARU_EXCEPTION(RuntimeError)
AMARU_EXCEPTION(StopIteration)
AMARU_EXCEPTION(SystemExit)
AMARU_EXCEPTION(TypeError)
AMARU_EXCEPTION(ValueError)
#undef AMARU_EXCEPTION

// MARK: GNU extensions, which Swift's module of the C library hides; named by their symbols.

typedef struct {
    const char *file;
    void *base;
    const char *symbol;
    void *address;
} amaru_dl_info;

#ifdef __APPLE__
#define AMARU_SYMBOL(name) __asm__("_" #name)
#else
#define AMARU_SYMBOL(name) __asm__(#name)
int amaru_pthread_setname(pthread_t thread, const char *name) AMARU_SYMBOL(pthread_setname_np);
#endif
int amaru_dladdr(const void *address, amaru_dl_info *info) AMARU_SYMBOL(dladdr);

// MARK: Function tables: Swift can build a PyMethodDef, but METH_* are macros with casts.

#define AMARU_METH_FASTCALL_KEYWORDS (METH_FASTCALL | METH_KEYWORDS)

typedef PyObject *(*amaru_fastcall)(PyObject *self, PyObject *const *arguments, Py_ssize_t count,
                                    PyObject *keywords);

static inline PyCFunction amaru_fastcall_as_function(amaru_fastcall function) {
    return (PyCFunction)(void (*)(void))function;
}

#endif
