# SPDX-License-Identifier: Apache-2.0
"""A small model on this machine, for a chat without key or network."""

__all__: list[str] = []
