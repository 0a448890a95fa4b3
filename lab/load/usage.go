// SPDX-License-Identifier: Apache-2.0

package load

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// CPU is the time that processors worked, in seconds.
type CPU struct {
	Daemon    float64 `json:"daemonS"`
	Generator float64 `json:"generatorS"`
	Devices   float64 `json:"devicesS"`
	Others    float64 `json:"othersS"` // of the whole machine, less the three
}

// clockTick is USER_HZ, 1/s: what /proc counts in, 100 on every Linux that Go
// runs on.
const clockTick = 100

// cpuNow reads what processes have used since they began.
func cpuNow(daemon, devices int) (CPU, error) {
	var c CPU
	var err error
	for _, of := range []struct {
		pid  int
		into *float64
	}{{daemon, &c.Daemon}, {devices, &c.Devices}, {os.Getpid(), &c.Generator}} {
		if *of.into, err = cpuOf(of.pid); err != nil {
			return c, err
		}
	}
	all, err := cpuOfAll()
	c.Others = all - c.Daemon - c.Devices - c.Generator
	return c, err
}

func (c CPU) since(before CPU) CPU {
	return CPU{c.Daemon - before.Daemon, c.Generator - before.Generator, c.Devices - before.Devices, max(0, c.Others-before.Others)}
}

// cpuOf reads utime and stime of a process, proc(5), /proc/pid/stat. The name in
// the second field may hold blanks.
func cpuOf(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	return ticks(fields, 11, 12)
}

// yield gives a process what the others leave of the processors, from now on:
// devices are machines of their own and take nothing from the daemon. A thread
// has the priority of the one that started it.
func yield(pid int) error {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return fmt.Errorf("threads of process %d: %w", pid, err)
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err == nil {
			err = syscall.Setpriority(syscall.PRIO_PROCESS, id, 19)
		}
		if err != nil && !errors.Is(err, syscall.ESRCH) { // one may have ended
			return fmt.Errorf("priority of thread %s: %w", t.Name(), err)
		}
	}
	return nil
}

// cpuOfAll reads what all processors did but for idling, proc(5), /proc/stat.
func cpuOfAll() (float64, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("CPU time of the machine: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return ticks(strings.Fields(line), 1, 2, 3, 6, 7) // user, nice, system, irq, softirq
}

func ticks(fields []string, columns ...int) (float64, error) {
	sum := uint64(0)
	for _, c := range columns {
		if c >= len(fields) {
			return 0, fmt.Errorf("CPU time: %d fields, want %d", len(fields), c+1)
		}
		n, err := strconv.ParseUint(fields[c], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("CPU time: %w", err)
		}
		sum += n
	}
	return float64(sum) / clockTick, nil
}
