// The only place of the project that sees zlib.h.
// SPDX-License-Identifier: Apache-2.0

#ifndef AMARU_ZLIB_SHIM_H
#define AMARU_ZLIB_SHIM_H

#include <zlib.h>

// Prepares to write gzip: what zlib.h declares for that is a macro, which Swift cannot import.
static inline int amaru_gzip_begin(z_stream *stream) {
    return deflateInit2(stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
}

#endif
