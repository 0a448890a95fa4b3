// SPDX-License-Identifier: Apache-2.0

// Command s2cd is the daemon that sells and delivers site-to-cloud VPN sessions,
// and the tool its operators speak to it with. It parses, wires and runs; what
// is decided is decided elsewhere.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
