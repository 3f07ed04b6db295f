// SPDX-License-Identifier: GPL-2.0
/*
 * Where the tracepoints of akida_trace.h are.
 */
#ifndef __CHECKER__
#define CREATE_TRACE_POINTS
#endif
#include "akida_trace.h"
