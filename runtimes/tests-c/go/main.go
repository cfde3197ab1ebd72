// SPDX-License-Identifier: GPL-2.0-or-later

// A runtime in Go that knows the three functions of lua-resty-ffi and no more.
// As those do, it holds queue and task as pointers.
package main

/*
#cgo LDFLAGS: -shared
#include <stdlib.h>
#include <string.h>
void *ngx_http_lua_ffi_task_poll(void *queue);
char *ngx_http_lua_ffi_get_req(void *task, int *length);
void ngx_http_lua_ffi_respond(void *task, int rc, char *body, int length);
*/
import "C"

import "unsafe"

// grow makes the stack of a goroutine grow, which is when Go looks at pointers.
func grow(depth int) int {
	var room [512]byte
	if depth == 0 {
		return int(room[0])
	}
	return grow(depth-1) + int(room[depth])
}

//export libffi_init
func libffi_init(cfg *C.char, queue unsafe.Pointer) C.int {
	if cfg != nil && C.GoString(cfg) == "fail" {
		return 7
	}
	go func() {
		for {
			task := C.ngx_http_lua_ffi_task_poll(queue)
			if task == nil {
				return
			}
			go func() {
				grow(20)
				var length C.int
				request := C.ngx_http_lua_ffi_get_req(task, &length)
				var body *C.char
				if request != nil {
					body = (*C.char)(C.malloc(C.size_t(length) + 1))
					C.memcpy(unsafe.Pointer(body), unsafe.Pointer(request), C.size_t(length))
				}
				C.ngx_http_lua_ffi_respond(task, 0, body, length)
			}()
		}
	}()
	return 0
}

func main() {}
