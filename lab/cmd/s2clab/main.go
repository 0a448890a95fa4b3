// SPDX-License-Identifier: Apache-2.0

// Command s2clab boots the kernel lab and runs scenarios in it. It is also the
// lab's PID 1 and what runs inside.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/s2cd/s2cd/lab"
	"github.com/s2cd/s2cd/lab/kernel"
	"github.com/s2cd/s2cd/lab/network"
	"github.com/s2cd/s2cd/lab/selftest"
)

const usage = `usage: s2clab COMMAND [flags]

  probe      say whether this kernel can run the lab
  packages   fetch and unpack what the lab needs, install nothing
  selftest   boot the lab and prove that it works
  demo       boot the lab, play customers from their first request to the end
  faults     boot the lab, kill and refuse at every step
  outages    boot the lab, take a device or the daemon away for minutes
  run        boot the lab's root and run a program in it: run [flags] -- PROGRAM ARGS
`

func main() {
	kernel.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "s2clab:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// options are the flags that commands share.
type options struct {
	mode     string
	packages string
	results  string
	bin      string
	memory   int
	into     string

	inventory string
	keep      bool
	shell     bool
}

func run(ctx context.Context, args []string) (int, error) {
	if len(args) == 0 {
		fmt.Print(usage)
		return 2, nil
	}
	self, err := os.Executable()
	if err != nil {
		return 1, fmt.Errorf("find own program: %w", err)
	}
	var o options
	fs := flag.NewFlagSet("s2clab "+args[0], flag.ContinueOnError)
	fs.StringVar(&o.mode, "mode", "auto", "auto, native or uml")
	fs.StringVar(&o.packages, "packages", ".lab/packages", "folder of unpacked packages")
	fs.StringVar(&o.results, "results", ".lab/results", "folder for logs and certificates")
	fs.StringVar(&o.bin, "bin", filepath.Dir(self), "folder of labpe and wireguard-go")
	fs.IntVar(&o.memory, "memory", 0, "MiB for user-mode-linux, 0 for the default")
	fs.StringVar(&o.inventory, "inventory", "examples/lab-inventory.yaml", "inventory of the provider")
	fs.BoolVar(&o.keep, "keep", false, "leave the lab running after the demo")
	fs.BoolVar(&o.shell, "shell", false, "with --keep, inside: open a shell")
	fs.StringVar(&o.into, "into", ".lab/packages", "where packages puts them")
	if err := fs.Parse(args[1:]); err != nil {
		return 2, nil //nolint:nilerr // the flag package has said it
	}
	switch args[0] {
	case "probe":
		if err := kernel.Probe(); err != nil {
			return 1, fmt.Errorf("this kernel cannot run the lab, user-mode-linux will: %w", err)
		}
		fmt.Println("this kernel can run the lab")
		return 0, nil
	case "packages":
		return 0, fetchPackages(ctx, o)
	case "selftest":
		return boot(ctx, o, []string{self, "inside-selftest"})
	case "run":
		return boot(ctx, o, fs.Args())
	case "inside-selftest":
		return 0, insideSelftest(ctx, o)
	}
	if _, ok := plays()[args[0]]; ok {
		return boot(ctx, o, []string{self, "inside-" + args[0]})
	}
	if run, ok := plays()[strings.TrimPrefix(args[0], "inside-")]; ok {
		return 0, inside(ctx, o, run)
	}
	fmt.Print(usage)
	return 2, fmt.Errorf("unknown command %q", args[0])
}

func fetchPackages(ctx context.Context, o options) error {
	into, err := filepath.Abs(o.into)
	if err != nil {
		return fmt.Errorf("packages folder: %w", err)
	}
	uml := o.mode == string(kernel.UML)
	if o.mode == string(kernel.Auto) {
		uml = kernel.Probe() != nil
	}
	return kernel.Packages(ctx, into, uml, os.Stdout)
}

// boot runs a program in the lab's root; selftest gets its folders as flags.
func boot(ctx context.Context, o options, command []string) (int, error) {
	if len(command) == 0 {
		return 2, errors.New("no program to run")
	}
	for _, dir := range []*string{&o.packages, &o.results, &o.bin, &o.inventory} {
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return 1, fmt.Errorf("folder %s: %w", *dir, err)
		}
		*dir = abs
	}
	if err := os.MkdirAll(o.results, 0o755); err != nil {
		return 1, fmt.Errorf("make results folder: %w", err)
	}
	if len(command) == 2 && strings.HasPrefix(command[1], "inside-") {
		command = append(command, "--results", o.results, "--bin", o.bin, "--inventory", o.inventory, fmt.Sprintf("--keep=%t", o.keep), fmt.Sprintf("--shell=%t", o.keep && typed()))
	}
	visible := []string{o.bin}
	if _, err := os.Stat(o.inventory); err == nil {
		visible = append(visible, filepath.Dir(o.inventory))
	}
	return kernel.Boot(ctx, kernel.Config{
		Mode: kernel.Mode(o.mode), Packages: o.packages, Results: o.results, Visible: visible,
		Command: command, MemoryMiB: o.memory, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	})
}

func insideSelftest(ctx context.Context, o options) error {
	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	env, err := lab.Start(ctx, lab.Config{
		Topology: network.Default(), Results: o.results, Log: log,
		LabPE: filepath.Join(o.bin, "labpe"), WireGuard: filepath.Join(o.bin, "wireguard-go"),
	})
	if err != nil {
		return err
	}
	return errors.Join(selftest.Run(ctx, env, os.Stdout), env.Close())
}
