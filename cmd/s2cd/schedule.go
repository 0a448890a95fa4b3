// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/s2cd/s2cd/internal/priority"
)

const (
	// threadsPerCore is how many goroutines may run for each core. Go gives them
	// turns of 10 ms, and one that comes back from the disk waits behind all
	// others for its own. With more of them than cores the kernel shares the
	// cores out, in turns of 3 ms and fairly: the store's writer, for which
	// everybody waits, gets its share. With more than twice as many, garbage is
	// collected on all that are idle, and takes both cores from the writer.
	threadsPerCore = 2
	// collectAt is GOGC: memory grows to seven times what is in use before it is
	// collected, which takes a core away from requests.
	collectAt = 600
)

// schedule sets up the runtime for a daemon whose requests must not wait for its
// other work, and returns how many cores there are. What the environment says
// (GOMAXPROCS, GOGC) stays.
func schedule(env func(name string) string) (cores int) {
	cores = runtime.GOMAXPROCS(0)
	if env("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(threadsPerCore * cores)
	}
	if env("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	return cores
}

// lead returns what puts the goroutine that calls it before all others, or among them
// again: the store's writer, while somebody waits for what it writes. While garbage is
// collected it would need twice as long for an order.
func (d *daemon) lead() func(first bool) {
	var writer priority.Leader
	var told sync.Once
	return func(first bool) {
		change := writer.Rejoin
		if first {
			change = writer.Lead
		}
		if err := change(); err != nil {
			told.Do(func() {
				d.log.Info("the store's writer has the priority of all other threads: orders wait longer under load", "error", err)
			})
		}
	}
}

// giveWay puts the calling goroutine behind all others.
func (d *daemon) giveWay() {
	if err := priority.GiveWay(); err != nil {
		d.log.Info("work for devices has the priority of all other threads", "error", err)
	}
}
