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

struct visit {
    PyThreadState *state;
    long count;
};

static void *enter_and_leave(void *argument) {
    struct visit *visit = argument;
    for (long i = 0; i < visit->count; i++) {
        PyEval_RestoreThread(visit->state);
        PyEval_SaveThread();
    }
    return NULL;
}

void floor_enter_foreign(long count) {
    struct visit visit = {PyThreadState_New(PyInterpreterState_Get()), count};
    pthread_t thread;
    Py_BEGIN_ALLOW_THREADS
    if (pthread_create(&thread, NULL, enter_and_leave, &visit) == 0) pthread_join(thread, NULL);
    Py_END_ALLOW_THREADS
    PyThreadState_Clear(visit.state);
    PyThreadState_Delete(visit.state);
}
