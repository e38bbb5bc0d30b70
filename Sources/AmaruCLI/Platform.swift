// The C library, for every file of the command.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    @_exported public import Glibc
#elseif canImport(Darwin)
    @_exported public import Darwin
#endif
