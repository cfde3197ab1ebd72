// SPDX-License-Identifier: GPL-2.0-or-later
/* The module _frr_runtime: the host's functions for Python code. */
#ifndef FRR_PYTHON_NATIVE_H
#define FRR_PYTHON_NATIVE_H

#include <Python.h>

PyObject *native_module(void);

#endif /* FRR_PYTHON_NATIVE_H */
