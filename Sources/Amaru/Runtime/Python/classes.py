# SPDX-License-Identifier: Apache-2.0
"""Copying and pickling instances of exported classes."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def reduce_instance(
    instance: object, state: object
) -> tuple[Callable[..., Any], tuple[type], tuple[object, dict[str, Any] | None]]:
    """Return what ``__reduce__`` of an exported class returns."""
    import copyreg

    attributes = getattr(instance, "__dict__", None)
    make = copyreg.__newobj__  # type: ignore[attr-defined]
    return make, (type(instance),), (state, attributes)


def restore_attributes(instance: object, attributes: dict[str, Any] | None) -> None:
    """Set what Python code had added to the instance."""
    if attributes:
        instance.__dict__.update(attributes)
