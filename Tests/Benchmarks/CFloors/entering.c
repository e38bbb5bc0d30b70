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

struct visit {
    PyThreadState *state;
    long count;
};

static void enter_and_leave(void *context) {
    struct visit *visit = context;
    for (long i = 0; i < visit->count; i++) {
        PyEval_RestoreThread(visit->state);
        PyEval_SaveThread();
    }
}

void floor_enter_foreign(long count) {
    struct visit visit = {PyThreadState_New(PyInterpreterState_Get()), count};
    floor_on_foreign_thread(enter_and_leave, &visit);
    PyThreadState_Clear(visit.state);
    PyThreadState_Delete(visit.state);
}
