// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// Mode is where the lab's kernel comes from.
type Mode string

// The modes.
const (
	Auto   Mode = "auto"   // Native where Probe finds VRF and MPLS, else UML
	Native Mode = "native" // the machine's kernel, in namespaces
	UML    Mode = "uml"    // user-mode-linux
)

// Config says what to run and on what.
type Config struct {
	Mode Mode
	// Packages is the folder that [Packages] filled.
	Packages string
	// Results is a folder of the host that the program may write to, at the
	// same path inside.
	Results string
	// Visible are folders of the host with programs and files that the
	// program needs, seen inside at the same path and read-only.
	Visible []string
	// Command is the program, an absolute path, with its arguments.
	Command []string
	Env     []string
	// MemoryMiB is the memory of user-mode-linux, 1536 when 0.
	MemoryMiB int
	Stdin     io.Reader
	Stdout    io.Writer
	Stderr    io.Writer
}

// ErrNoStatus says that the lab ended without telling the program's exit
// status: its kernel died or was killed.
var ErrNoStatus = errors.New("the lab's kernel ended without an exit status")

// Boot runs the command in a lab and gives its exit status. When ctx ends the
// lab is killed with everything in it. The calling program must call [Main]
// first thing in its main function, because it is also the lab's PID 1.
func Boot(ctx context.Context, cfg Config) (int, error) {
	if os.Geteuid() != 0 {
		return 0, errors.New("the kernel lab needs root: it creates namespaces and mounts")
	}
	mode, err := resolveMode(cfg.Mode)
	if err != nil {
		return 0, err
	}
	s, cleanup, err := newSpec(cfg, mode)
	if err != nil {
		return 0, err
	}
	defer cleanup()
	path, err := s.write()
	if err != nil {
		return 0, err
	}
	if mode == Native {
		return run(ctx, cfg, path, nativeFlags, false)
	}
	return run(ctx, cfg, path, supervisorFlags, true)
}

const (
	nativeFlags = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET |
		syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC
	// A PID namespace of its own takes all the processes of user-mode-linux
	// with it when it ends, however that happens.
	supervisorFlags = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID
)

func resolveMode(m Mode) (Mode, error) {
	switch m {
	case Native, UML:
		return m, nil
	case Auto, "":
		if err := Probe(); err == nil {
			return Native, nil
		}
		return UML, nil
	}
	return "", fmt.Errorf("unknown lab mode %q", m)
}

func newSpec(cfg Config, mode Mode) (*spec, func(), error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find own program: %w", err)
	}
	dir, err := os.MkdirTemp("", "s2clab-")
	if err != nil {
		return nil, nil, fmt.Errorf("make lab folder: %w", err)
	}
	cleanup := func() { _ = os.RemoveAll(dir) }
	s := &spec{
		UML: mode == UML, Work: filepath.Join(dir, "root"), Packages: cfg.Packages, Visible: cfg.Visible,
		Results: cfg.Results, Command: cfg.Command, Env: cfg.Env, Dir: "/", MemMiB: cfg.MemoryMiB, Self: self,
	}
	if s.MemMiB == 0 {
		s.MemMiB = 1536
	}
	if mode == UML {
		if err := findUML(s); err != nil {
			cleanup()
			return nil, nil, err
		}
	}
	if err := os.Mkdir(s.Work, 0o755); err != nil {
		cleanup()
		return nil, nil, fmt.Errorf("make lab root: %w", err)
	}
	return s, cleanup, nil
}

// run starts this program again as PID 1 of new namespaces.
func run(ctx context.Context, cfg Config, specPath string, flags uintptr, uml bool) (int, error) {
	// The kernel sends the death signal when the starting thread ends, not
	// the process, so the thread has to stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Env = []string{specVar + "=" + specPath, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = cfg.Stdin, cfg.Stdout, cfg.Stderr
	var status *console
	if uml {
		status = newConsole(cfg.Stdout)
		cmd.Stdout = status
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	if ctx.Err() != nil {
		return 0, fmt.Errorf("lab stopped: %w", context.Cause(ctx))
	}
	if status != nil {
		if err := status.flush(); err != nil {
			return 0, fmt.Errorf("write lab output: %w", err)
		}
		if code, ok := status.code(); ok {
			return code, nil
		}
		return 0, errors.Join(ErrNoStatus, err)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 0, fmt.Errorf("run lab: %w", err)
	}
	return 0, nil
}
