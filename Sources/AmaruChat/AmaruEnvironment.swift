// Everything that imports AmaruChat sees the environments that its configurations are made of.
// SPDX-License-Identifier: Apache-2.0

@_exported public import AmaruEnvironment
