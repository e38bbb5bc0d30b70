// The state of the bridge, and tables that CPython keeps pointers to.
// SPDX-License-Identifier: Apache-2.0

#include "CAmaru.h"

int amaru_can_enter = 0;
int amaru_counts_handles = 0;

_Thread_local int amaru_attached_here = 0;
_Thread_local int amaru_isolated_here = 0;
_Thread_local int amaru_nested_here = 0;
_Thread_local PyThreadState *amaru_kept_state = NULL;

Py_ssize_t amaru_entry_word = 0;
Py_ssize_t amaru_function_offset = 0;
amaru_instance *amaru_unlisted = NULL;

amaru_name amaru_names[AMARU_NAME_SLOTS];
amaru_keywords amaru_keyword_lists[1 << AMARU_KEYWORD_BITS];

void amaru_keep_keyword_names(const void *const *labels, PyObject *names) {
    Py_ssize_t count = PyTuple_GET_SIZE(names);
    if (count < 1 || count > AMARU_KEYWORD_LABELS) return;
    amaru_keywords *place = amaru_keyword_place(labels, count);
    PyObject *former = place->names;
    for (Py_ssize_t i = 0; i < count; ++i) place->labels[i] = labels[i];
    Py_INCREF(names);
    place->names = names;
    Py_XDECREF(former);
}

PyMemberDef amaru_weak_references_member(void) {
    PyMemberDef member = {"__weaklistoffset__", T_PYSSIZET,
                          offsetof(amaru_instance, weak_references), READONLY, NULL};
    return member;
}

PyMemberDef *amaru_buffer_member_table(void) {
    static PyMemberDef members[] = {
        {"__weaklistoffset__", T_PYSSIZET, offsetof(amaru_buffer_object, weak_references),
         READONLY, NULL},
        {NULL, 0, 0, 0, NULL},
    };
    return members;
}
