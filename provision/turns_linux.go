// SPDX-License-Identifier: Apache-2.0

package provision

import "syscall"

// niceness of a thread that gives way: it gets a tenth of a processor that others
// want as well.
const niceness = 10

// giveWay lowers the priority of the calling thread (setpriority(2): on Linux it is
// a thread's own). Where that is refused, turns have the priority of all else.
func giveWay() { _ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness) }
