// A hand-over between two threads: one asks, the other answers.
// SPDX-License-Identifier: Apache-2.0

#include "floors.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long asked, answered, wanted;

static void *answer(void *context) {
    pthread_mutex_lock(&mutex);
    while (answered < wanted) {
        while (asked == answered) pthread_cond_wait(&changed, &mutex);
        answered = asked;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&mutex);
    return context;
}

void floor_hand_over(long count) {
    pthread_t thread;
    asked = answered = 0;
    wanted = count;
    if (pthread_create(&thread, NULL, answer, NULL) != 0) return;
    pthread_mutex_lock(&mutex);
    while (asked < count) {
        ++asked;
        pthread_cond_broadcast(&changed);
        while (answered < asked) pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}
