// The trampolines through which Python enters Swift closures.
// SPDX-License-Identifier: Apache-2.0

#include "CAmaru.h"

#define SWIFT_CALL __attribute__((swiftcall))
#define SWIFT_CONTEXT __attribute__((swift_context))
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define ALWAYS_INLINE static inline __attribute__((always_inline))

typedef PyObject *const *arguments;

// The types of the closures: `BoundBody`, `BoundMethodBody` and `GetterBody` in Swift. Each returns
// a new reference, or NULL with an exception; what it is given is borrowed.
typedef SWIFT_CALL PyObject *(*function_body)(
    arguments slots, const void *signature, SWIFT_CONTEXT void *context);
typedef SWIFT_CALL PyObject *(*method_body)(
    void *instance, arguments slots, const void *signature, SWIFT_CONTEXT void *context);
typedef SWIFT_CALL PyObject *(*getter_body)(void *instance, SWIFT_CONTEXT void *context);

// MARK: Functions

ALWAYS_INLINE PyObject *call_function(PyObject *self, arguments slots, Py_ssize_t count,
                                      PyObject *keywords) {
    const amaru_callable *callable = *amaru_function_field(self);
    if (!LIKELY(count + amaru_entry_word == callable->direct_count) || keywords != NULL) {
        return callable->apart(self, slots, count, keywords, callable->owner);
    }
    return ((function_body)callable->body.code)(
        slots, callable->signature, callable->body.context);
}

static PyObject *function(PyObject *self, arguments slots, Py_ssize_t count) {
    return call_function(self, slots, count, NULL);
}

static PyObject *function_with_keywords(PyObject *self, arguments slots, Py_ssize_t count,
                                        PyObject *keywords) {
    return call_function(self, slots, count, keywords);
}

static void define(PyMethodDef *definition, void (*plain)(void), void (*with_keywords)(void),
                   int takes_keywords) {
    definition->ml_meth = (PyCFunction)(takes_keywords ? with_keywords : plain);
    definition->ml_flags = takes_keywords ? METH_FASTCALL | METH_KEYWORDS : METH_FASTCALL;
}

void amaru_define_function(PyMethodDef *definition, int takes_keywords) {
    define(definition, (void (*)(void))function, (void (*)(void))function_with_keywords,
           takes_keywords);
}

// MARK: Methods

ALWAYS_INLINE PyObject *call_method(PyObject *self, int number, arguments slots, Py_ssize_t count,
                                    PyObject *keywords) {
    amaru_instance *object = (amaru_instance *)self;
    const amaru_callable *callable = object->methods + number;
    if (!LIKELY(count + amaru_entry_word == callable->direct_count) || keywords != NULL
        || !LIKELY(object->instance != NULL)) {
        return callable->apart(self, slots, count, keywords, callable->owner);
    }
    return ((method_body)callable->body.code)(
        object->instance, slots, callable->signature, callable->body.context);
}

#define EACH_DIGIT(each, x)                                                                    \
    each(x##0) each(x##1) each(x##2) each(x##3) each(x##4) each(x##5) each(x##6) each(x##7)    \
    each(x##8) each(x##9) each(x##a) each(x##b) each(x##c) each(x##d) each(x##e) each(x##f)
#define EACH_NUMBER(each)                                                                      \
    EACH_DIGIT(each, 0x0) EACH_DIGIT(each, 0x1) EACH_DIGIT(each, 0x2) EACH_DIGIT(each, 0x3)    \
    EACH_DIGIT(each, 0x4) EACH_DIGIT(each, 0x5) EACH_DIGIT(each, 0x6) EACH_DIGIT(each, 0x7)    \
    EACH_DIGIT(each, 0x8) EACH_DIGIT(each, 0x9) EACH_DIGIT(each, 0xa) EACH_DIGIT(each, 0xb)    \
    EACH_DIGIT(each, 0xc) EACH_DIGIT(each, 0xd) EACH_DIGIT(each, 0xe) EACH_DIGIT(each, 0xf)

#define METHOD(n)                                                                              \
    static PyObject *method_##n(PyObject *self, arguments slots, Py_ssize_t count) {           \
        return call_method(self, n, slots, count, NULL);                                       \
    }                                                                                          \
    static PyObject *keyword_method_##n(PyObject *self, arguments slots, Py_ssize_t count,     \
                                        PyObject *keywords) {                                  \
        return call_method(self, n, slots, count, keywords);                                   \
    }
EACH_NUMBER(METHOD)

#define NAME(n) (void (*)(void))method_##n,
#define KEYWORD_NAME(n) (void (*)(void))keyword_method_##n,

void amaru_define_method(PyMethodDef *definition, int number, int takes_keywords) {
    static void (*const plain[])(void) = {EACH_NUMBER(NAME)};
    static void (*const with_keywords[])(void) = {EACH_NUMBER(KEYWORD_NAME)};
    _Static_assert(sizeof(plain) / sizeof(plain[0]) == AMARU_METHOD_LIMIT, "one for each number");
    define(definition, plain[number], with_keywords[number], takes_keywords);
}

// MARK: Properties

PyObject *amaru_get_property(PyObject *self, void *context) {
    const amaru_property *property = context;
    void *instance = ((amaru_instance *)self)->instance;
    // With a flag set no address is larger, and without one NULL is not.
    if (!LIKELY((uintptr_t)instance > (uintptr_t)amaru_entry_word)) {
        return property->apart(self, context);
    }
    return ((getter_body)property->getter.code)(instance, property->getter.context);
}
