// Entering Python: where it is already held, and on another thread with a kept thread state.
// SPDX-License-Identifier: Apache-2.0

#include "subject.h"

#include <pthread.h>

void floor_enter_held(long count) {
    for (long i = 0; i < count; i++) {
        PyGILState_STATE state = PyGILState_Ensure();
        PyGILState_Release(state);
    }
}

struct errand {
    void (*body)(void *);
    void *context;
};

static void *run_errand(void *argument) {
    struct errand *errand = argument;
    errand->body(errand->context);
    return NULL;
}

void floor_on_foreign_thread(void (*body)(void *context), void *context) {
    struct errand errand = {body, context};
    pthread_t thread;
    Py_BEGIN_ALLOW_THREADS
    if (pthread_create(&thread, NULL, run_errand, &errand) == 0) pthread_join(thread, NULL);
    Py_END_ALLOW_THREADS
}

// The state is made and given up on the thread that uses it: from 3.12 on, giving it up elsewhere
// makes that other thread forget its own.
static void enter_and_leave(void *context) {
    PyThreadState *state = PyThreadState_New(PyInterpreterState_Main());
    long count = *(long *)context;
    for (long i = 0; i < count; i++) {
        PyEval_RestoreThread(state);
        PyEval_SaveThread();
    }
    PyEval_RestoreThread(state);
    PyThreadState_Clear(state);
    PyThreadState_DeleteCurrent();
}

void floor_enter_foreign(long count) { floor_on_foreign_thread(enter_and_leave, &count); }
