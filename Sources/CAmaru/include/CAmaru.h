// The bridge's state and its ways from C into Swift.
// SPDX-License-Identifier: Apache-2.0
//
// What is here is inlined into Swift, in the program's own module too; what it refers to is defined
// once, in state.c and entries.c. "New", "borrowed" and "stolen" are CPython's words:
// https://docs.python.org/3/glossary.html#term-borrowed-reference

#ifndef AMARU_H
#define AMARU_H

#include "../../CAmaruPython/shim.h"
#include <structmember.h>

// What no inlined code of another module refers to.
#define AMARU_HIDDEN __attribute__((visibility("hidden")))

// MARK: State

// Whether Python can be entered; written on the Python thread.
extern int amaru_can_enter;

static inline int amaru_enterable(void) { return amaru_can_enter; }
static inline void amaru_set_enterable(int value) { amaru_can_enter = value; }

// Whether this thread is known to hold the GIL: the Python thread, and others inside the bridge's
// own entry. Where it is 0, CPython knows.
extern _Thread_local int amaru_attached_here;
// Whether code isolated to the Python actor may run on this thread: on the Python thread, and on
// another that holds the GIL while it runs the body of a blocking entry.
extern _Thread_local int amaru_isolated_here;
// How many conversions of values inside values this thread is in.
extern _Thread_local int amaru_nested_here;
// The thread state that this thread keeps for its next entry; NULL before the first.
extern _Thread_local PyThreadState *amaru_kept_state;

static inline int amaru_attached(void) { return amaru_attached_here; }
static inline void amaru_set_attached(int value) { amaru_attached_here = value; }
static inline int amaru_nesting(void) { return amaru_nested_here; }
static inline void amaru_set_nesting(int value) { amaru_nested_here = value; }
static inline int amaru_isolated(void) { return amaru_isolated_here; }
static inline void amaru_set_isolated(int value) { amaru_isolated_here = value; }
static inline PyThreadState *amaru_thread_state(void) { return amaru_kept_state; }
static inline void amaru_keep_thread_state(PyThreadState *state) { amaru_kept_state = state; }

// Returns the kept state if this thread has one and does not hold the GIL with it.
static inline PyThreadState *amaru_idle_thread_state(void) {
    PyThreadState *kept = amaru_kept_state;
    if (kept == NULL) return NULL;
    // Only this thread uses its state: if it is the current one, this thread holds the GIL.
#if PY_VERSION_HEX >= 0x030D0000
    return kept == PyThreadState_GetUnchecked() ? NULL : kept;
#else
    return kept == _PyThreadState_UncheckedGet() ? NULL : kept;
#endif
}

// Tells the processor that this thread looks at one place until it changes.
static inline void amaru_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Counting of handles: written on the Python thread before any handle of the program's.
extern int amaru_counts_handles;

static inline int amaru_counting(void) { return amaru_counts_handles; }
static inline void amaru_set_counting(int value) { amaru_counts_handles = value; }

// What makes an entry from Python into Swift a special one, in one word that each looks at. No
// number of arguments is as large, and no address: adding the word to a number, or comparing an
// address with it, says whether any flag is set.
#define AMARU_ENTRY_FORKED 0x2000000000000000   // A child of os.fork: Swift does not run in it.
#define AMARU_ENTRY_CONTEXT 0x4000000000000000  // Task-locals are bound to context variables.

extern AMARU_HIDDEN Py_ssize_t amaru_entry_word;

static inline Py_ssize_t amaru_entry_flags(void) { return amaru_entry_word; }
static inline void amaru_set_entry_flag(Py_ssize_t flag) { amaru_entry_word |= flag; }

// MARK: Names of call sites
//
// A `str` for each literal, found by the literal's address: literals never move, and two at one
// address are equal. The holder of the GIL may use it. An entry is never taken out.

#define AMARU_NAME_BITS 12
#define AMARU_NAME_SLOTS (1 << AMARU_NAME_BITS)
#define AMARU_NAME_PROBES 8

typedef struct {
    const void *literal;
    PyObject *name;        // Owned forever, as the two below.
    PyObject *expression;  // The code of the literal as an expression, once it was evaluated.
    PyObject *statements;  // The code of the literal as statements, once they were executed.
    PyObject *module;      // Borrowed, and only compared: the module that an import gave.
} amaru_name;

extern amaru_name amaru_names[AMARU_NAME_SLOTS];

static inline size_t amaru_name_slot(const void *literal) {
    return ((uintptr_t)literal * (uintptr_t)0x9E3779B97F4A7C15u)
        >> (sizeof(size_t) * 8 - AMARU_NAME_BITS);
}

// Returns the entry of a literal, or the one to fill; NULL if its place is crowded.
static inline amaru_name *amaru_name_probe(const void *literal) {
    size_t slot = amaru_name_slot(literal);
    for (int probe = 0; probe < AMARU_NAME_PROBES; ++probe) {
        amaru_name *entry = &amaru_names[(slot + probe) & (AMARU_NAME_SLOTS - 1)];
        if (entry->literal == literal || entry->literal == NULL) return entry;
    }
    return NULL;
}

// Returns the name (borrowed, kept forever), or NULL if it is not known yet.
static inline PyObject *amaru_known_name(const void *literal) {
    amaru_name *entry = &amaru_names[amaru_name_slot(literal)];
    return entry->literal == literal ? entry->name : NULL;
}

// Returns the module of that name (borrowed) if an import from this literal gave it before and
// it still stands in sys.modules; NULL otherwise, perhaps with an exception.
static inline PyObject *amaru_imported(const void *literal) {
    amaru_name *entry = &amaru_names[amaru_name_slot(literal)];
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

extern amaru_keywords amaru_keyword_lists[1 << AMARU_KEYWORD_BITS];

// Returns the place of a list of labels, which may hold another list.
static inline amaru_keywords *amaru_keyword_place(const void *const *labels, Py_ssize_t count) {
    uintptr_t hash = (uintptr_t)labels[0];
    for (Py_ssize_t i = 1; i < count; ++i) hash = (hash << 5) + hash + (uintptr_t)labels[i];
    hash *= (uintptr_t)0x9E3779B97F4A7C15u;
    return &amaru_keyword_lists[hash >> (sizeof(size_t) * 8 - AMARU_KEYWORD_BITS)];
}

// Returns the tuple of the names (new), or NULL without an exception if it is not known.
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
void amaru_keep_keyword_names(const void *const *labels, PyObject *names);

// MARK: Entries from Python into Swift
//
// A call that fits goes straight from CPython into the code of a Swift closure: the arguments are
// counted in C. A Swift closure is two words, its code and what it has captured, and is called by
// Swift's convention. It raises its errors itself: C would have to look for one after each call.
// https://github.com/swiftlang/swift/blob/main/docs/ABI/CallingConventionSummary.rst
// https://clang.llvm.org/docs/AttributeReference.html#swiftcall

typedef struct {
    void (*code)(void);
    void *context;
} amaru_closure;

// Takes a call that is not the simple one. The arguments are where the trampoline got them.
typedef PyObject *(*amaru_apart)(PyObject *self, PyObject *const *arguments, Py_ssize_t count,
                                 PyObject *keywords, void *owner);

// A function or method. The closure and the signature are the owner's; for a function the owner is
// retained by the object of the function.
typedef struct {
    // The number of positional arguments that are the values as they stand; -1 if none is.
    Py_ssize_t direct_count;
    amaru_closure body;
    const void *signature;
    void *owner;
    amaru_apart apart;
} amaru_callable;

// MARK: Exported functions
//
// The `self` of an exported function is an instance of a subclass of `module` with one field: to
// Python the function is one of a module, and its closure is one load away.

static inline PyTypeObject *amaru_module_type(void) { return &PyModule_Type; }

// Where the field is, which CPython's headers do not say; set before any function is made.
extern AMARU_HIDDEN Py_ssize_t amaru_function_offset;

// Returns the field of the instance.
static inline amaru_callable **amaru_function_field(PyObject *context) {
    return (amaru_callable **)((char *)context + amaru_function_offset);
}

// Returns the size of an instance.
static inline int amaru_prepare_functions(void) {
    amaru_function_offset = PyModule_Type.tp_basicsize;
    return (int)(amaru_function_offset + (Py_ssize_t)sizeof(amaru_callable *));
}

static inline unsigned int amaru_closed_type_flags(void) {
    return Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE;
}

// Defines how CPython calls a function, with or without keywords.
void amaru_define_function(PyMethodDef *definition, int takes_keywords);

// MARK: Classes: objects that hold a Swift instance, and what their types are made of.

typedef struct amaru_instance {
    PyObject_HEAD
    // A retained Swift object; NULL until __init__ has made it.
    void *instance;
    // The methods of the Swift class, by number.
    const amaru_callable *methods;
    // A retained list of the slots that the collector may look into, or NULL.
    void *slots;
    PyObject *weak_references;
    // The list of unlisted objects: the next one, and what points to this one; NULL outside it.
    struct amaru_instance *next;
    struct amaru_instance **link;
} amaru_instance;

// The objects that the table of identities does not have yet; the GIL is held. Most are gone before
// anybody looks one up, and a list costs less than a table. It keeps no object alive.
extern AMARU_HIDDEN amaru_instance *amaru_unlisted;

static inline void amaru_add_unlisted(amaru_instance *object) {
    object->next = amaru_unlisted;
    object->link = &amaru_unlisted;
    if (amaru_unlisted != NULL) amaru_unlisted->link = &object->next;
    amaru_unlisted = object;
}

// Takes an object off the list; returns whether it was on it.
static inline int amaru_remove_unlisted(amaru_instance *object) {
    if (object->link == NULL) return 0;
    *object->link = object->next;
    if (object->next != NULL) object->next->link = object->link;
    object->link = NULL;
    return 1;
}

// Takes any object off the list; NULL if the list is empty.
static inline amaru_instance *amaru_take_unlisted(void) {
    amaru_instance *object = amaru_unlisted;
    if (object != NULL) amaru_remove_unlisted(object);
    return object;
}

// A property, as the closure of its getter and setter in C.
typedef struct {
    amaru_closure getter;
    // The Swift object that has the closures, which lives forever.
    void *owner;
    getter apart;
} amaru_property;

PyObject *amaru_get_property(PyObject *self, void *property);

// A method descriptor calls a C function that knows no closure: number n of these calls the
// method that has this number in the class of `self`.
#define AMARU_METHOD_LIMIT 256

// Defines how CPython calls the method of that number, with or without keywords.
void amaru_define_method(PyMethodDef *definition, int number, int takes_keywords);

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

PyMemberDef amaru_weak_references_member(void);

// Changes of a finished type would get past what vectorcall and the methods' numbers rely on.
static inline void amaru_type_seal(PyTypeObject *type) {
    type->tp_flags |= Py_TPFLAGS_IMMUTABLETYPE;
    PyType_Modified(type);
}

// Runs a deallocator's body now, or later if deallocations are nested deeply.
static inline void amaru_deallocate(PyObject *object, destructor own, destructor body) {
    Py_TRASHCAN_BEGIN(object, own)
    body(object);
    Py_TRASHCAN_END
}

// MARK: Exported memory

typedef struct {
    PyObject_HEAD
    void *memory;
    PyObject *weak_references;
} amaru_buffer_object;

PyMemberDef *amaru_buffer_member_table(void);

static inline unsigned int amaru_buffer_type_flags(void) {
    return Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION;
}

#include "DLPack.h"

#endif
