// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Main runs PID 1 of a lab and never returns when the program was started as
// that; else it returns at once. It must be the first call of main.
func Main() {
	path := os.Getenv(specVar)
	if path == "" || os.Getpid() != 1 {
		return
	}
	s, err := readSpec(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(125)
	}
	if s.UML && !isUML() {
		os.Exit(supervise(s))
	}
	code := initMain(s)
	if !s.UML {
		os.Exit(code)
	}
	fmt.Print(exitLine(code))
	unix.Sync()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	select {}
}

// isUML tells the supervisor, on the host, from the init, in the guest, whose
// first root is hostfs.
func isUML() bool {
	const hostfsMagic = 0x00c0ffee
	var fs unix.Statfs_t
	return unix.Statfs("/", &fs) == nil && fs.Type == hostfsMagic
}

func initMain(s *spec) int {
	if s.UML {
		rawConsole()
		fmt.Print(startMark)
	}
	if err := prepareRoot(s); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		return 125
	}
	env := append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb", "TMPDIR=/tmp"}, s.Env...)
	pid, err := syscall.ForkExec(s.Command[0], s.Command, &syscall.ProcAttr{
		Dir: s.Dir, Env: env, Files: []uintptr{0, 1, 2},
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "lab: start %s: %v\n", s.Command[0], err)
		return 125
	}
	return reap(pid)
}

// reap waits for orphans too, as PID 1 must, until the program ends.
func reap(main int) int {
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, 0, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			fmt.Fprintln(os.Stderr, "lab: wait:", err)
			return 125
		case pid != main:
			continue
		case ws.Signaled():
			return 128 + int(ws.Signal())
		case ws.Exited():
			return ws.ExitStatus()
		}
	}
}

// rawConsole stops the terminal layer from turning \n into \r\n.
func rawConsole() {
	t, err := unix.IoctlGetTermios(1, unix.TCGETS)
	if err != nil {
		return
	}
	t.Oflag &^= unix.OPOST
	_ = unix.IoctlSetTermios(1, unix.TCSETS, t)
}
