// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// findUML looks for the user-mode kernel and its modules, first in the
// extracted packages, then on the machine.
func findUML(s *spec) error {
	for _, root := range []string{filepath.Join(s.Packages, "uml"), "/"} {
		kernel := filepath.Join(root, "usr/bin/linux.uml")
		deps, err := filepath.Glob(filepath.Join(root, "usr/lib/uml/modules/*/modules.dep"))
		if err != nil || len(deps) == 0 {
			continue
		}
		if _, err := os.Stat(kernel); err == nil {
			s.Kernel, s.Modules = kernel, filepath.Dir(deps[len(deps)-1])
			return nil
		}
	}
	return errors.New("this kernel has no VRF or MPLS and user-mode-linux is not there: run `s2clab packages` first")
}

// supervise is PID 1 of the namespace that user-mode-linux runs in. The
// kernel's memory file, sockets and processes all live in that namespace.
func supervise(s *spec) int {
	if err := prepareSupervisor(s); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		return 125
	}
	cmd := exec.Command(s.Kernel, //nolint:noctx // the kernel ends with this PID 1, never before
		fmt.Sprintf("mem=%dM", s.MemMiB), "rootfstype=hostfs", "rootflags=/", "ro", "init="+s.Self,
		"con=null", "con0=fd:0,fd:1", "ssl=null", "quiet", "panic=-1",
		"uml_dir="+filepath.Dir(s.Work)+"/uml/", "umid=s2clab",
		specVar+"="+os.Getenv(specVar))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	keepAwake()
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Dir(s.Work)+"/mem")
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "lab: user-mode-linux:", err)
		return 125
	}
	return 0
}

func prepareSupervisor(s *spec) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	dir := filepath.Dir(s.Work)
	for _, d := range []string{dir + "/uml", dir + "/mem"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("make folder for the kernel: %w", err)
		}
	}
	// A container's /dev/shm is often too small for the guest's memory.
	opts := fmt.Sprintf("size=%dm", s.MemMiB+64)
	if err := unix.Mount("tmpfs", dir+"/mem", "tmpfs", 0, opts); err != nil {
		return fmt.Errorf("mount memory of the kernel: %w", err)
	}
	return nil
}
