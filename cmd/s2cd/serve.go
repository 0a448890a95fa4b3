// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/internal/config"
)

func newServeCmd(a *app) *cobra.Command {
	var file string
	var dev bool
	c := &cobra.Command{
		Use:   "serve --config FILE",
		Short: "Run the daemon",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usagef("serve: --config is needed")
			}
			return a.serve(cmd.Context(), file, dev)
		},
	}
	c.Flags().StringVar(&file, "config", "", "configuration file")
	c.Flags().BoolVar(&dev, "dev", false, "issue tokens on loopback, for trying things out")
	return c
}

// serve runs the daemon until ctx ends or a part of it fails.
func (a *app) serve(ctx context.Context, file string, dev bool) (err error) {
	if err := config.Check(file, a.env, a.now()); err != nil {
		return a.faults(err)
	}
	cfg, err := config.Load(file, a.env)
	if err != nil {
		return a.faults(err)
	}
	d := &daemon{cfg: cfg, dev: dev, cores: schedule(a.getenv), now: a.now, log: newLog(a.stderr, cfg.Log)}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.build(ctx); err != nil {
		return err
	}
	d.log.Info("started", "version", version(), "dev", dev)
	err = d.run(ctx)
	d.log.Info("stopped")
	return err
}

func newLog(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(strings.ToUpper(c.Level))); err != nil {
		level = slog.LevelInfo // the configuration allows no other word
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "text" {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

// closers are closed last first.
type closers []io.Closer

func (c closers) Close() error {
	var errs []error
	for i := len(c) - 1; i >= 0; i-- {
		if err := c[i].Close(); err != nil {
			errs = append(errs, fmt.Errorf("close: %w", err))
		}
	}
	return errors.Join(errs...)
}
