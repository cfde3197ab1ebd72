// SPDX-License-Identifier: GPL-2.0-or-later

// A runtime in Go that answers with the request: a template to copy.
//
// This file is what you change; host.go is the way to the daemon.
package main

import "errors"

// start is called once for each load_ffi, with the script's configuration. It
// returns what answers the requests. An error ends the load, and stands in the
// daemon's log.
func start(cfg string) (Handler, error) {
	if cfg == "fail" {
		return nil, errors.New("told to fail")
	}
	return func(task *Task) ([]byte, error) {
		return task.Request, nil
	}, nil
}

// language is what "show script runtimes" says.
const language = "go"
