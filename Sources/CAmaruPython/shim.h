// The only place of the project that sees Python.h: CPython's API as Swift can import it.
// SPDX-License-Identifier: Apache-2.0
//
// Each function below exists because Swift cannot import what it wraps: a macro, a variadic
// function, or a static inline one whose name is also a macro. "New", "borrowed" and "stolen"
// are CPython's words: https://docs.python.org/3/glossary.html#term-borrowed-reference

#ifndef AMARU_SHIM_H
#define AMARU_SHIM_H

// The assertions in CPython's inline functions are for extensions under development; Swift's
// importer would compile them into every conversion, in release builds too.
#ifndef NDEBUG
#define NDEBUG 1
#endif

// Before Python.h: with Py_DEBUG it uses fd_set without including what declares it.
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <marshal.h>

// Times in C: which of Swift's modules struct timespec belongs to depends on what else a build
// imports.

static inline uint64_t amaru_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// The time so many milliseconds from now, for `amaru_wait_until`.
static inline int64_t amaru_deadline(int64_t milliseconds) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + milliseconds * 1000000;
}

// Waits for a condition until a deadline; returns whether it has passed.
static inline int amaru_wait_until(
    pthread_cond_t *condition,
    pthread_mutex_t *mutex,
    int64_t deadline
) {
    struct timespec time = {deadline / 1000000000, deadline % 1000000000};
    return pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT;
}

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
static inline PyObject *amaru_not_implemented(void) { return Py_NotImplemented; }

// MARK: Exact and subclass checks: macros.

static inline int amaru_is_bool(PyObject *object) { return PyBool_Check(object); }
static inline int amaru_is_long(PyObject *object) { return PyLong_Check(object); }
static inline int amaru_is_float(PyObject *object) { return PyFloat_Check(object); }
static inline int amaru_is_unicode(PyObject *object) { return PyUnicode_Check(object); }
static inline int amaru_is_bytes(PyObject *object) { return PyBytes_Check(object); }
static inline int amaru_is_bytearray(PyObject *object) { return PyByteArray_Check(object); }
static inline int amaru_is_list(PyObject *object) { return PyList_Check(object); }
static inline int amaru_is_tuple(PyObject *object) { return PyTuple_Check(object); }
static inline int amaru_is_set(PyObject *object) { return PySet_Check(object); }
static inline int amaru_is_anyset(PyObject *object) { return PyAnySet_Check(object); }
static inline int amaru_is_dict(PyObject *object) { return PyDict_Check(object); }
static inline int amaru_is_exception(PyObject *object) { return PyExceptionInstance_Check(object); }
static inline int amaru_is_exception_class(PyObject *object) { return PyExceptionClass_Check(object); }
static inline int amaru_is_slice_object(PyObject *object) { return PySlice_Check(object); }
static inline int amaru_is_instance(PyObject *object, PyTypeObject *type) {
    return PyObject_TypeCheck(object, type);
}
static inline int amaru_is_coroutine(PyObject *object) { return PyCoro_CheckExact(object); }

// MARK: Layouts that conversions read without a call
//
// Each is what a function or macro of CPython does, for the version that is compiled against.

static inline int amaru_is_exact_long(PyObject *object) { return PyLong_CheckExact(object); }
static inline int amaru_is_exact_float(PyObject *object) { return PyFloat_CheckExact(object); }
static inline double amaru_float_value(PyObject *object) { return PyFloat_AS_DOUBLE(object); }

// Says whether an exact int has at most one digit, and gives its value.
static inline int amaru_small_long(PyObject *object, long *value) {
#if PY_VERSION_HEX >= 0x030C0000
    if (!PyUnstable_Long_IsCompact((PyLongObject *)object)) return 0;
    *value = (long)PyUnstable_Long_CompactValue((PyLongObject *)object);
#else
    Py_ssize_t size = Py_SIZE(object);
    if ((size_t)(size + 1) > 2) return 0;
    // A zero has the digit zero.
    *value = (long)size * (long)((PyLongObject *)object)->ob_digit[0];
#endif
    return 1;
}

static inline Py_ssize_t amaru_list_count(PyObject *list) { return PyList_GET_SIZE(list); }
static inline PyObject *amaru_list_item(PyObject *list, Py_ssize_t index) {  // borrowed
    return PyList_GET_ITEM(list, index);
}
// Fills a slot of a new list; the item is stolen.
static inline void amaru_list_fill(PyObject *list, Py_ssize_t index, PyObject *item) {
    PyList_SET_ITEM(list, index, item);
}
static inline Py_ssize_t amaru_tuple_count(PyObject *tuple) { return PyTuple_GET_SIZE(tuple); }
static inline PyObject *amaru_tuple_item(PyObject *tuple, Py_ssize_t index) {  // borrowed
    return PyTuple_GET_ITEM(tuple, index);
}
static inline PyObject *const *amaru_tuple_items(PyObject *tuple) {
    return ((PyTupleObject *)tuple)->ob_item;
}
// Fills a slot of a new tuple; the item is stolen.
static inline void amaru_tuple_fill(PyObject *tuple, Py_ssize_t index, PyObject *item) {
    PyTuple_SET_ITEM(tuple, index, item);
}
static inline Py_ssize_t amaru_dict_count(PyObject *dict) {
    return ((PyDictObject *)dict)->ma_used;
}

// Returns the characters of an ASCII str, which end with NUL, or NULL where it is not ASCII.
static inline const char *amaru_ascii(PyObject *text, Py_ssize_t *count) {
    if (!PyUnicode_IS_COMPACT_ASCII(text)) return NULL;
    *count = PyUnicode_GET_LENGTH(text);
    return (const char *)((PyASCIIObject *)text + 1);
}

// The UTF-8 that a str has kept (borrowed); NULL if it has not been asked for yet.
static inline const char *amaru_kept_utf8(PyObject *text, Py_ssize_t *count) {
    if (!PyUnicode_IS_COMPACT(text)) return NULL;
    PyCompactUnicodeObject *compact = (PyCompactUnicodeObject *)text;
    *count = compact->utf8_length;
    return compact->utf8;
}

// Makes a str of ASCII characters (new).
static inline PyObject *amaru_ascii_str(const void *characters, Py_ssize_t count) {
    // The empty str and those of one character are objects that CPython shares.
    if (count < 2) return PyUnicode_FromStringAndSize((const char *)characters, count);
    PyObject *text = PyUnicode_New(count, 127);
    if (text != NULL) memcpy((char *)((PyASCIIObject *)text + 1), characters, (size_t)count);
    return text;
}

// Advances an iterator (new); NULL at the end, where StopIteration may be raised, or on an error.
// https://docs.python.org/3/c-api/typeobj.html#c.PyTypeObject.tp_iternext
static inline PyObject *amaru_next(PyObject *iterator) {
    return Py_TYPE(iterator)->tp_iternext(iterator);
}

static inline const char *amaru_type_name(PyObject *object) { return Py_TYPE(object)->tp_name; }

// MARK: Calls: macros, and flags that are expressions.

// The flag lets the callee use the slot before the first argument.
static inline size_t amaru_vectorcall_count(size_t count) {
    return count | PY_VECTORCALL_ARGUMENTS_OFFSET;
}

static inline Py_ssize_t amaru_vectorcall_arguments(size_t count) {
    return PyVectorcall_NARGS(count);
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
AMARU_EXCEPTION(BufferError)
AMARU_EXCEPTION(KeyboardInterrupt)
AMARU_EXCEPTION(NameError)
AMARU_EXCEPTION(OverflowError)
AMARU_EXCEPTION(RecursionError)
AMARU_EXCEPTION(RuntimeError)
AMARU_EXCEPTION(StopIteration)
AMARU_EXCEPTION(SystemExit)
AMARU_EXCEPTION(TypeError)
AMARU_EXCEPTION(UnicodeError)
AMARU_EXCEPTION(ValueError)
#undef AMARU_EXCEPTION
static inline PyObject *amaru_IndexError_class(void) { return PyExc_IndexError; }
static inline PyObject *amaru_KeyError_class(void) { return PyExc_KeyError; }

// MARK: Context variables: a macro.

static inline int amaru_is_context_variable(PyObject *object) {
    return PyContextVar_CheckExact(object);
}

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
int amaru_memfd_create(const char *name, unsigned int flags) AMARU_SYMBOL(memfd_create);
#endif
int amaru_dladdr(const void *address, amaru_dl_info *info) AMARU_SYMBOL(dladdr);

// Opens an empty file without a name; NULL if that fails.
static inline FILE *amaru_memory_file(void) {
#ifdef __APPLE__
    return tmpfile();
#else
    int descriptor = amaru_memfd_create("script", 1 /* MFD_CLOEXEC */);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w+");
    if (!file && descriptor >= 0) close(descriptor);
    return file;
#endif
}

// MARK: Exceptions as memory: types that Python.h leaves out, and macros over layouts.

#include <frameobject.h>

static inline int amaru_is_code(PyObject *object) { return PyCode_Check(object); }
static inline int amaru_is_traceback(PyObject *object) { return PyTraceBack_Check(object); }

// A str that cannot change any more: its characters may be read without the GIL.
static inline int amaru_text_kind(PyObject *text) { return (int)PyUnicode_KIND(text); }
static inline const void *amaru_text_data(PyObject *text) { return PyUnicode_DATA(text); }
static inline Py_ssize_t amaru_text_count(PyObject *text) { return PyUnicode_GET_LENGTH(text); }
static inline PyObject *amaru_BaseExceptionGroup(void) { return PyExc_BaseExceptionGroup; }

// Returns the object that a weak reference refers to (borrowed), or NULL where it is gone. The
// holder of the GIL knows whether something else keeps it.
static inline PyObject *amaru_weak_target(PyObject *reference) {
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *object = NULL;
    if (PyWeakref_GetRef(reference, &object) <= 0) return NULL;
    Py_DECREF(object);
    return object;
#else
    PyObject *object = PyWeakref_GetObject(reference);
    return object == Py_None ? NULL : object;
#endif
}

// MARK: Ranges: their class is a variable, their check a macro.

static inline int amaru_is_range(PyObject *object) { return PyRange_Check(object); }
static inline PyObject *amaru_range_type(void) { return (PyObject *)&PyRange_Type; }  // borrowed

#endif
