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

// MARK: State of the bridge that inlined code reads
//
// Weak, so that each object file may define it and the linker keeps one. SwiftPM does not rebuild
// what a change of this header touches: whoever changes the layout of a table changes the number
// in its name too, so that objects of two layouts do not meet in one table.

// Whether Python can be entered; written on the Python thread.
__attribute__((weak)) int amaru_can_enter = 0;

static inline int amaru_enterable(void) { return amaru_can_enter; }
static inline void amaru_set_enterable(int value) { amaru_can_enter = value; }

// Whether this thread is known to hold the GIL: the Python thread, and others inside the bridge's
// own entry. Where it is 0, CPython knows.
__attribute__((weak)) _Thread_local int amaru_attached_here = 0;
// Whether code isolated to the Python actor may run on this thread: on the Python thread, and on
// another that holds the GIL while it runs the body of a blocking entry.
__attribute__((weak)) _Thread_local int amaru_isolated_here = 0;
// How many conversions of values inside values this thread is in.
__attribute__((weak)) _Thread_local int amaru_nested_here = 0;
// The thread state that this thread keeps for its next entry; NULL before the first.
__attribute__((weak)) _Thread_local PyThreadState *amaru_kept_state = NULL;

static inline int amaru_attached(void) { return amaru_attached_here; }
static inline void amaru_set_attached(int value) { amaru_attached_here = value; }
static inline int amaru_nesting(void) { return amaru_nested_here; }
static inline void amaru_set_nesting(int value) { amaru_nested_here = value; }
static inline int amaru_isolated(void) { return amaru_isolated_here; }
static inline void amaru_set_isolated(int value) { amaru_isolated_here = value; }
static inline PyThreadState *amaru_thread_state(void) { return amaru_kept_state; }
static inline void amaru_keep_thread_state(PyThreadState *state) { amaru_kept_state = state; }

// Returns the kept state where this thread has one and does not hold the GIL with it.
static inline PyThreadState *amaru_idle_thread_state(void) {
    PyThreadState *kept = amaru_kept_state;
    if (kept == NULL) return NULL;
    // Only this thread uses its state: where it is the current one, this thread holds the GIL.
#if PY_VERSION_HEX >= 0x030D0000
    return kept == PyThreadState_GetUnchecked() ? NULL : kept;
#else
    return kept == _PyThreadState_UncheckedGet() ? NULL : kept;
#endif
}

// MARK: Counting of handles: written on the Python thread before any handle of the program's.

__attribute__((weak)) int amaru_counts_handles = 0;

static inline int amaru_counting(void) { return amaru_counts_handles; }
static inline void amaru_set_counting(int value) { amaru_counts_handles = value; }

// MARK: Names of call sites
//
// A `str` for each literal, found by the literal's address: literals never move, and two at one
// address are equal. The holder of the GIL may use it. An entry is never taken out.

#define AMARU_NAME_BITS 12
#define AMARU_NAME_SLOTS (1 << AMARU_NAME_BITS)
#define AMARU_NAME_PROBES 8

typedef struct {
    const void *literal;
    PyObject *name;        // Owned for ever, as the two below.
    PyObject *expression;  // The code of the literal as an expression, once it was evaluated.
    PyObject *statements;  // The code of the literal as statements, once they were executed.
    PyObject *module;      // Borrowed, and only compared: the module that an import gave.
} amaru_name;

__attribute__((weak)) amaru_name amaru_names_2[AMARU_NAME_SLOTS] = {{0, 0, 0, 0, 0}};

static inline size_t amaru_name_slot(const void *literal) {
    return ((uintptr_t)literal * (uintptr_t)0x9E3779B97F4A7C15u)
        >> (sizeof(size_t) * 8 - AMARU_NAME_BITS);
}

// Returns the entry of a literal, or the one to fill; NULL where its place is crowded.
static inline amaru_name *amaru_name_probe(const void *literal) {
    size_t slot = amaru_name_slot(literal);
    for (int probe = 0; probe < AMARU_NAME_PROBES; ++probe) {
        amaru_name *entry = &amaru_names_2[(slot + probe) & (AMARU_NAME_SLOTS - 1)];
        if (entry->literal == literal || entry->literal == NULL) return entry;
    }
    return NULL;
}

// Returns the name (borrowed, kept for ever), or NULL where it is not known yet.
static inline PyObject *amaru_known_name(const void *literal) {
    amaru_name *entry = &amaru_names_2[amaru_name_slot(literal)];
    return entry->literal == literal ? entry->name : NULL;
}

// Returns the module of that name (borrowed) where an import from this literal gave it before and
// it still stands in sys.modules; NULL otherwise, perhaps with an exception.
static inline PyObject *amaru_imported(const void *literal) {
    amaru_name *entry = &amaru_names_2[amaru_name_slot(literal)];
    if (entry->literal != literal || entry->module == NULL) return NULL;
    PyObject *module = PyDict_GetItemWithError(PyImport_GetModuleDict(), entry->name);
    return module == entry->module ? module : NULL;
}

// MARK: Names of keyword arguments
//
// A tuple for each list of labels, found by the addresses of their literals; a later list may take
// the place of an earlier one.

#define AMARU_KEYWORD_BITS 10
#define AMARU_KEYWORD_LABELS 6

typedef struct {
    PyObject *names;  // Owned.
    const void *labels[AMARU_KEYWORD_LABELS];
} amaru_keywords;

__attribute__((weak)) amaru_keywords amaru_keyword_lists_2[1 << AMARU_KEYWORD_BITS] = {{0, {0}}};

// Returns the place of a list of labels, which may hold another list.
static inline amaru_keywords *amaru_keyword_place(const void *const *labels, Py_ssize_t count) {
    uintptr_t hash = (uintptr_t)labels[0];
    for (Py_ssize_t i = 1; i < count; ++i) hash = (hash << 5) + hash + (uintptr_t)labels[i];
    hash *= (uintptr_t)0x9E3779B97F4A7C15u;
    return &amaru_keyword_lists_2[hash >> (sizeof(size_t) * 8 - AMARU_KEYWORD_BITS)];
}

// Returns the tuple of the names (new), or NULL without an exception where it is not known.
static inline PyObject *amaru_keyword_names(const void *const *labels, Py_ssize_t count) {
    if (count < 1 || count > AMARU_KEYWORD_LABELS) return NULL;
    amaru_keywords *place = amaru_keyword_place(labels, count);
    if (place->names == NULL || PyTuple_GET_SIZE(place->names) != count) return NULL;
    for (Py_ssize_t i = 0; i < count; ++i) {
        if (place->labels[i] != labels[i]) return NULL;
    }
    Py_INCREF(place->names);
    return place->names;
}

// Keeps the tuple of the names (borrowed) for the next call.
static inline void amaru_keep_keyword_names(const void *const *labels, PyObject *names) {
    Py_ssize_t count = PyTuple_GET_SIZE(names);
    if (count < 1 || count > AMARU_KEYWORD_LABELS) return;
    amaru_keywords *place = amaru_keyword_place(labels, count);
    PyObject *former = place->names;
    for (Py_ssize_t i = 0; i < count; ++i) place->labels[i] = labels[i];
    Py_INCREF(names);
    place->names = names;
    Py_XDECREF(former);
}

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

// MARK: What makes an entry from Python into Swift a special one, in one word that each looks at

#define AMARU_ENTRY_FORKED 1   // The process is a child of os.fork: Swift does not run in it.
#define AMARU_ENTRY_CONTEXT 2  // The program has bound task-locals to context variables.

__attribute__((weak)) int amaru_entry_word = 0;

static inline int amaru_entry_flags(void) { return amaru_entry_word; }
static inline void amaru_set_entry_flag(int flag) { amaru_entry_word |= flag; }

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
#endif
int amaru_dladdr(const void *address, amaru_dl_info *info) AMARU_SYMBOL(dladdr);

// MARK: Function tables: Swift can build a PyMethodDef, but METH_* are macros with casts.

#define AMARU_METH_FASTCALL_KEYWORDS (METH_FASTCALL | METH_KEYWORDS)

typedef PyObject *(*amaru_fastcall)(PyObject *self, PyObject *const *arguments, Py_ssize_t count,
                                    PyObject *keywords);

static inline PyCFunction amaru_fastcall_as_function(amaru_fastcall function) {
    return (PyCFunction)(void (*)(void))function;
}

// MARK: Exported memory: an object, a table and flags made of macros.

#include <structmember.h>

typedef struct {
    PyObject_HEAD
    void *memory;
    PyObject *weak_references;
} amaru_buffer_object;

static PyMemberDef amaru_buffer_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(amaru_buffer_object, weak_references), READONLY,
     NULL},
    {NULL, 0, 0, 0, NULL},
};

static inline PyMemberDef *amaru_buffer_member_table(void) { return amaru_buffer_members; }
static inline unsigned int amaru_buffer_type_flags(void) {
    return Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION;
}
static inline PyObject *amaru_BufferError(void) { return PyExc_BufferError; }

// MARK: Classes: objects that hold a Swift instance, and what their types are made of.

typedef PyObject *(*amaru_method_entry)(void *context, PyObject *self, PyObject *const *arguments,
                                        Py_ssize_t count, PyObject *keywords);

// One method of a class: the entry into Swift and the closure that it is to run.
typedef struct {
    amaru_method_entry entry;
    void *context;
} amaru_method;

typedef struct {
    PyObject_HEAD
    // A retained Swift object; NULL until __init__ has made it.
    void *instance;
    // The methods of the Swift class, by number.
    const amaru_method *methods;
    // A retained list of the slots that the collector may look into, or NULL.
    void *slots;
    PyObject *weak_references;
} amaru_instance;

// A helper object that owns one retained Swift object.
typedef struct {
    PyObject_HEAD
    void *box;
} amaru_box;

static inline amaru_box *amaru_as_box(PyObject *object) { return (amaru_box *)object; }

static inline amaru_instance *amaru_as_instance(PyObject *object) {
    return (amaru_instance *)object;
}

#define AMARU_TYPE_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC)
#define AMARU_HELPER_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION)

static inline unsigned long amaru_type_flags(void) { return AMARU_TYPE_FLAGS; }
static inline unsigned long amaru_helper_flags(void) { return AMARU_HELPER_FLAGS; }

static inline PyMemberDef amaru_weak_references_member(void) {
    PyMemberDef member = {"__weaklistoffset__", T_PYSSIZET,
                          offsetof(amaru_instance, weak_references), READONLY, NULL};
    return member;
}

// Changes of a finished type would get past what vectorcall and the methods' numbers rely on.
static inline void amaru_type_seal(PyTypeObject *type) {
    type->tp_flags |= Py_TPFLAGS_IMMUTABLETYPE;
    PyType_Modified(type);
}

static inline int amaru_is_instance(PyObject *object, PyTypeObject *type) {
    return PyObject_TypeCheck(object, type);
}

static inline Py_ssize_t amaru_vectorcall_arguments(size_t count) {
    return PyVectorcall_NARGS(count);
}

static inline int amaru_is_slice_object(PyObject *object) { return PySlice_Check(object); }
static inline PyObject *amaru_IndexError_class(void) { return PyExc_IndexError; }  // borrowed
static inline PyObject *amaru_KeyError_class(void) { return PyExc_KeyError; }  // borrowed
static inline PyObject *amaru_not_implemented(void) { return Py_NotImplemented; }  // borrowed

static inline PyObject *const *amaru_tuple_items(PyObject *tuple) {
    return ((PyTupleObject *)tuple)->ob_item;
}

// Runs a deallocator's body now, or later where deallocations are nested deeply.
static inline void amaru_deallocate(PyObject *object, destructor own, destructor body) {
    Py_TRASHCAN_BEGIN(object, own)
    body(object);
    Py_TRASHCAN_END
}

// A method descriptor calls a C function that knows no closure: number n of these calls the
// method that has this number in the class of `self`.
#define AMARU_METHOD(n)                                                                        \
    static PyObject *amaru_method_##n(PyObject *self, PyObject *const *arguments,              \
                                      Py_ssize_t count, PyObject *keywords) {                  \
        const amaru_method *method = ((amaru_instance *)self)->methods + n;                    \
        return method->entry(method->context, self, arguments, count, keywords);               \
    }
#define AMARU_EACH_DIGIT(each, x)                                                              \
    each(x##0) each(x##1) each(x##2) each(x##3) each(x##4) each(x##5) each(x##6) each(x##7)    \
    each(x##8) each(x##9) each(x##a) each(x##b) each(x##c) each(x##d) each(x##e) each(x##f)
#define AMARU_EACH_NUMBER(each)                                                                \
    AMARU_EACH_DIGIT(each, 0x0) AMARU_EACH_DIGIT(each, 0x1) AMARU_EACH_DIGIT(each, 0x2)        \
    AMARU_EACH_DIGIT(each, 0x3) AMARU_EACH_DIGIT(each, 0x4) AMARU_EACH_DIGIT(each, 0x5)        \
    AMARU_EACH_DIGIT(each, 0x6) AMARU_EACH_DIGIT(each, 0x7) AMARU_EACH_DIGIT(each, 0x8)        \
    AMARU_EACH_DIGIT(each, 0x9) AMARU_EACH_DIGIT(each, 0xa) AMARU_EACH_DIGIT(each, 0xb)        \
    AMARU_EACH_DIGIT(each, 0xc) AMARU_EACH_DIGIT(each, 0xd) AMARU_EACH_DIGIT(each, 0xe)        \
    AMARU_EACH_DIGIT(each, 0xf)
AMARU_EACH_NUMBER(AMARU_METHOD)

#define AMARU_METHOD_LIMIT 256

static inline amaru_fastcall amaru_method_trampoline(int number) {
#define AMARU_METHOD_NAME(n) amaru_method_##n,
    static const amaru_fastcall trampolines[] = {AMARU_EACH_NUMBER(AMARU_METHOD_NAME)};
#undef AMARU_METHOD_NAME
    return trampolines[number];
}
#undef AMARU_EACH_NUMBER
#undef AMARU_EACH_DIGIT
#undef AMARU_METHOD

// MARK: Exported functions
//
// The `self` of an exported function is an instance of a subclass of `module` with one field: to
// Python the function is one of a module, and its closure is one load away.

static inline PyTypeObject *amaru_module_type(void) { return &PyModule_Type; }

// Returns the field of the instance.
static inline void **amaru_function_field(PyObject *context) {
    return (void **)((char *)context + PyModule_Type.tp_basicsize);
}

static inline unsigned int amaru_closed_type_flags(void) {
    return Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE;
}

// MARK: Exceptions as memory: types that Python.h leaves out, and macros over layouts.

#include <frameobject.h>

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
