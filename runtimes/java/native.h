// SPDX-License-Identifier: GPL-2.0-or-later
/* The methods of frr.runtime.Host. */
#ifndef FRR_JAVA_NATIVE_H
#define FRR_JAVA_NATIVE_H

#include <jni.h>
#include <stddef.h>

/* Gives the class its methods; not 0: an exception is pending. */
int native_register(JNIEnv *env);

/* A byte[] with a copy; NULL: an exception is pending. */
jbyteArray native_bytes(JNIEnv *env, const char *from, size_t len);

/* A line for the log, or the standard error where there is none. */
void native_log(int priority, const char *text, int len);
void native_complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif /* FRR_JAVA_NATIVE_H */
