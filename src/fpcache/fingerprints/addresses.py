"""Where a buffer lies: the address that the buffer protocol gives, also for read-only ones."""

from __future__ import annotations

import ctypes
from typing import Any

__all__ = ["byte_bounds"]

_FULL_READ_ONLY = 0x011C  # PyBUF_FULL_RO: strides and format, no writing


class _PyBuffer(ctypes.Structure):
    """CPython's ``Py_buffer``."""

    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("suboffsets", ctypes.POINTER(ctypes.c_ssize_t)),
        ("internal", ctypes.c_void_p),
    )


def byte_bounds(obj: Any) -> tuple[int, int]:
    """Return the first address that a buffer uses, and the bytes from there to its last.

    Parameters
    ----------
    obj : object
        Anything with the buffer protocol, such as a bytearray or memoryview.
    """
    view = _PyBuffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(obj), ctypes.byref(view), _FULL_READ_ONLY)
    try:
        return _bounds(view)
    finally:
        ctypes.pythonapi.PyBuffer_Release(ctypes.byref(view))


def _bounds(view: _PyBuffer) -> tuple[int, int]:
    low = high = int(view.buf or 0)
    if view.len == 0:
        return low, 0
    for axis in range(view.ndim):
        reach = view.strides[axis] * (view.shape[axis] - 1)
        low, high = (low + reach, high) if reach < 0 else (low, high + reach)
    return low, high + int(view.itemsize) - low
