// SPDX-License-Identifier: Apache-2.0

// Command s2cgw is the agent on a Linux cloud gateway: it parses its
// configuration, wires gateway, its Linux realiser and the gNMI server, and
// runs until it is told to end. The data plane stays when it ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: s2cgw [--config FILE] [command]

commands:
  run      serve (default)
  check    say what is wrong with the configuration file, its keys and this machine
  purge    remove everything s2cgw made in the kernel, and its configuration
  version  print the version
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "s2cgw:", err)
		os.Exit(1) //nolint:gocritic // the context has nothing left to release
	}
}

// run is the whole program; stdout and stderr are where it speaks.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("s2cgw", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	path := flags.String("config", "/etc/s2cgw/s2cgw.yaml", "configuration file")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return fmt.Errorf("flags: %w", err)
	}
	command := flags.Arg(0)
	if flags.NArg() > 0 { // flags may follow the command too
		if err := flags.Parse(flags.Args()[1:]); err != nil {
			return fmt.Errorf("flags: %w", err)
		}
		if flags.NArg() > 0 {
			return fmt.Errorf("unexpected argument %q", flags.Arg(0))
		}
	}
	if command == "version" {
		_, err := fmt.Fprintln(stdout, version())
		return err //nolint:wrapcheck // standard output
	}
	cfg, err := loadConfig(*path)
	if err != nil {
		return err
	}
	switch command {
	case "", "run":
		return serve(ctx, cfg, stderr)
	case "check":
		return check(cfg, stdout)
	case "purge":
		return purge(ctx, cfg, stdout)
	}
	return fmt.Errorf("unknown command %q\n%s", command, usage)
}
