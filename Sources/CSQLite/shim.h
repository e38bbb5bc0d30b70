// The only place of the project that sees sqlite3.h.
// SPDX-License-Identifier: Apache-2.0

#ifndef AMARU_SQLITE_SHIM_H
#define AMARU_SQLITE_SHIM_H

#include <sqlite3.h>

// Bind text and bytes that SQLite copies: the constant that says so is a cast, which Swift cannot import.
static inline int amaru_sqlite_bind_text(
    sqlite3_stmt *statement,
    int position,
    const char *text,
    sqlite3_uint64 count
) {
    return sqlite3_bind_text64(statement, position, text, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline int amaru_sqlite_bind_blob(
    sqlite3_stmt *statement,
    int position,
    const void *bytes,
    sqlite3_uint64 count
) {
    return sqlite3_bind_blob64(statement, position, bytes, count, SQLITE_TRANSIENT);
}

#endif
