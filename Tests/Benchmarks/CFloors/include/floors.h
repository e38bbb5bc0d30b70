// The same work as the Swift side of each row does, straight on CPython's C API.
// SPDX-License-Identifier: Apache-2.0
//
// Each function repeats its work `count` times, with the GIL held, on the Python thread. A failure
// ends the process: a floor that fails measures nothing.

#ifndef FLOORS_H
#define FLOORS_H

#ifdef __cplusplus
extern "C" {
#endif

// Looks the objects of the module `bench_subject` up, and makes the module `cfloors`. Again for
// each new `bench_subject`.
void floors_prepare(void);

// MARK: Calls and attributes

void floor_call0(long count);
void floor_call1(long count);
void floor_call2(long count);
void floor_call_keywords(long count);
void floor_attribute(long count);
void floor_set_attribute(long count);
void floor_method(long count);
// Called with no Python code on the stack, and with some.
void floor_import(long count);
void floor_import_in_frame(long count);
void floor_evaluate(long count);

// MARK: Containers

void floor_ints_from_list(long count);
void floor_doubles_from_list(long count);
void floor_strings_from_list(long count);
void floor_list_from_ints(long count);
void floor_map_from_dict(long count);
void floor_dict_from_map(long count);
void floor_iterate(long count);

// MARK: Strings

typedef enum {
    FLOOR_ASCII_64,
    FLOOR_ASCII_1024,
    FLOOR_ACCENTS_64,
    FLOOR_ACCENTS_1024,
    // As long as the lists are.
    FLOOR_ASCII_LONG,
    FLOOR_ACCENTS_LONG,
} floor_text;

void floor_string_from_python(floor_text text, long count);
void floor_string_view(floor_text text, long count);
void floor_string_to_python(floor_text text, long count);

// MARK: Entering

void floor_enter_held(long count);
// On a thread of its own, while the Python thread waits without the GIL.
void floor_enter_foreign(long count);

// One thread asks and another answers, so many times.
void floor_hand_over(long count);

// MARK: Buffers

void floor_view_bytes(long count);
void floor_view_memory(long count);
void floor_copy_doubles(long count);

// MARK: Start

// Starts CPython, once in a process, as the interpreter `program`.
void floor_start(const char *program);

// MARK: For the harness

// A sum that the compiler cannot leave out.
extern volatile long floor_sink;

// Runs `body` on a new thread while this one waits without the GIL.
void floor_on_foreign_thread(void (*body)(void *context), void *context);

// fork(), which Swift does not import: the child runs one loop under an instruction counter.
int floor_fork(void);

#ifdef __cplusplus
}
#endif

#endif
