// SPDX-License-Identifier: GPL-2.0-or-later

package main

// The way between Go and the daemon. Queues and tasks are numbers that C calls
// pointers; Go must never hold them as pointers, because its garbage collector
// stops the process when it finds one that is none.

/*
#cgo LDFLAGS: -shared
#include <stdint.h>
#include <stdlib.h>

void *ngx_http_lua_ffi_task_poll(void *tq);
char *ngx_http_lua_ffi_get_req(void *tsk, int *len);
void ngx_http_lua_ffi_respond(void *tsk, int rc, char *rsp, int rsp_len);

// A host of lua-resty-ffi does not have these.
int ngx_http_lua_ffi_task_poll_many(void *tq, void **tsks, int max, int timeout_ms) __attribute__((weak));
int ngx_http_lua_ffi_task_cancelled(void *tsk) __attribute__((weak));
void ngx_http_lua_ffi_log(int priority, const char *text, int len) __attribute__((weak));

enum { BATCH = 64 };

static inline int frr_poll(uintptr_t tq, uintptr_t *tasks)
{
	if (ngx_http_lua_ffi_task_poll_many)
		return ngx_http_lua_ffi_task_poll_many((void *)tq, (void **)tasks, BATCH, -1);
	tasks[0] = (uintptr_t)ngx_http_lua_ffi_task_poll((void *)tq);
	return tasks[0] ? 1 : -1;
}

static inline char *frr_request(uintptr_t task, int *len)
{
	return ngx_http_lua_ffi_get_req((void *)task, len);
}

static inline void frr_respond(uintptr_t task, int rc, char *body, int len)
{
	ngx_http_lua_ffi_respond((void *)task, rc, body, len);
}

static inline int frr_cancelled(uintptr_t task)
{
	return ngx_http_lua_ffi_task_cancelled && ngx_http_lua_ffi_task_cancelled((void *)task) == 1;
}

static inline int frr_log(int priority, const char *text, int len)
{
	if (!ngx_http_lua_ffi_log)
		return 0;
	ngx_http_lua_ffi_log(priority, text, len);
	return 1;
}
*/
import "C"

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"unsafe"
)

// Priorities of the daemon's log, those of syslog.
const (
	logError   = 3
	logWarning = 4
	logInfo    = 6
	logDebug   = 7
)

// Handler answers a request. It may take its time: each runs in a goroutine of
// its own. A nil answer is none at all, as opposed to an empty one.
type Handler func(task *Task) ([]byte, error)

// Task is a request of a script.
type Task struct {
	// Request is nil when the script gave none.
	Request []byte
	handle  C.uintptr_t
}

// Cancelled says that nobody waits for the answer any more.
func (task *Task) Cancelled() bool {
	return C.frr_cancelled(task.handle) != 0
}

// Failure is an error with a code of its own for the script; other errors are
// code 1.
type Failure struct {
	Code int
	Body []byte
}

func (failure *Failure) Error() string {
	return fmt.Sprintf("code %d: %s", failure.Code, failure.Body)
}

//export libffi_init
func libffi_init(cfg *C.char, queue C.uintptr_t) C.int {
	text := ""
	if cfg != nil {
		text = C.GoString(cfg)
	}
	handler, err := start(text)
	if err != nil {
		logf(logError, "%v", err)
		return 1
	}
	go poll(queue, handler)
	return 0
}

// The string is made once: whoever asks does not free it.
var languageText = C.CString(language)

//export libffi_language
func libffi_language() *C.char {
	return languageText
}

// poll hands out tasks until the runtime is unloaded.
func poll(queue C.uintptr_t, handler Handler) {
	var tasks [C.BATCH]C.uintptr_t
	for {
		count := C.frr_poll(queue, &tasks[0])
		if count < 0 {
			return
		}
		for _, handle := range tasks[:count] {
			go answer(handle, handler)
		}
		// They begin here and now: while this thread waits in C, Go thinks for
		// a while that it comes back soon, and has nobody else run them.
		runtime.Gosched()
	}
}

func answer(handle C.uintptr_t, handler Handler) {
	// A panic is an answer, and not the end of the daemon.
	defer func() {
		if cause := recover(); cause != nil {
			logf(logError, "panic: %v\n%s", cause, debug.Stack())
			respond(handle, 1, []byte(fmt.Sprintf("panic: %v", cause)))
		}
	}()
	task := &Task{handle: handle}
	var length C.int
	if request := C.frr_request(handle, &length); request != nil {
		task.Request = C.GoBytes(unsafe.Pointer(request), length)
	}
	body, err := handler(task)
	code := 0
	if failure, ok := err.(*Failure); ok {
		code, body = failure.Code, failure.Body
	} else if err != nil {
		code, body = 1, []byte(err.Error())
	}
	respond(handle, code, body)
}

func respond(handle C.uintptr_t, code int, body []byte) {
	if len(body) > math.MaxInt32-1 {
		code, body = 1, []byte("the answer has more than 2 GiB")
	}
	var copied *C.char
	if body != nil {
		// malloc's memory, which the daemon frees, and never of length 0.
		copied = (*C.char)(C.malloc(C.size_t(len(body) + 1)))
		text := unsafe.Slice((*byte)(unsafe.Pointer(copied)), len(body)+1)
		copy(text, body)
		text[len(body)] = 0
	}
	C.frr_respond(handle, C.int(code), copied, C.int(len(body)))
}

// logf writes to the daemon's log.
func logf(priority int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	copied := C.CString(text)
	defer C.free(unsafe.Pointer(copied))
	if C.frr_log(C.int(priority), copied, C.int(len(text))) == 0 {
		fmt.Fprintln(os.Stderr, text)
	}
}

func main() {}
