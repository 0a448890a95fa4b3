// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/gateway/kernel"
	"github.com/s2cd/s2cd/gateway/probe"
)

// stopWait is how long open calls may take to end at shutdown.
const stopWait = 5 * time.Second

func serve(ctx context.Context, cfg fileConfig, stderr io.Writer) error {
	log, err := newLogger(cfg.Log, stderr)
	if err != nil {
		return err
	}
	tlsConf, err := gateway.ServerTLS(cfg.TLS.Certificate, cfg.TLS.Key, cfg.TLS.ClientCA, cfg.TLS.Clients)
	if err != nil {
		return err
	}
	unlock, err := lockState(cfg.StateDir)
	if err != nil {
		return err
	}
	defer unlock()
	var agent atomic.Pointer[gateway.Agent]
	kcfg := kernelConfig(cfg, log)
	kcfg.OnChildExit = func() {
		if a := agent.Load(); a != nil {
			a.Kick()
		}
	}
	realiser, err := kernel.New(kcfg)
	if err != nil {
		return err
	}
	defer realiser.Close()
	a, err := gateway.New(gateway.Config{
		StateDir: cfg.StateDir, FirstSlot: uint16(cfg.Slots.First), LastSlot: uint16(cfg.Slots.Last), //nolint:gosec // validated
		Version: version(), Realiser: realiser, Prober: probe.New(realiser.OpenProbe, log), Log: log, Reconcile: cfg.Reconcile,
	})
	if err != nil {
		return err
	}
	agent.Store(a)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	log.Info("serving", "listen", listener.Addr().String(), "userspace_wireguard", realiser.Userspace(), "version", version())
	return serveGNMI(ctx, a, listener, tlsConf, log)
}

// serveGNMI serves until ctx ends, then lets open calls finish.
func serveGNMI(ctx context.Context, a *gateway.Agent, l net.Listener, conf *tls.Config, log *slog.Logger) error {
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(conf)), grpc.MaxConcurrentStreams(64),
		grpc.MaxRecvMsgSize(16<<20), grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}))
	gpb.RegisterGNMIServer(server, gateway.NewServer(a))
	var wait sync.WaitGroup
	wait.Go(func() { a.Run(ctx) })
	wait.Go(func() {
		<-ctx.Done()
		log.Info("ending; the data plane stays")
		force := time.AfterFunc(stopWait, server.Stop)
		defer force.Stop()
		server.GracefulStop()
	})
	err := server.Serve(l)
	if ctx.Err() == nil {
		return fmt.Errorf("serve gNMI: %w", err)
	}
	wait.Wait()
	return nil
}

func kernelConfig(cfg fileConfig, log *slog.Logger) kernel.Config {
	return kernel.Config{
		Namespace: cfg.Namespace, Folder: filepath.Join(cfg.StateDir, "kernel"), WireGuardGo: cfg.WireGuardGo,
		FirstTable: cfg.Tables.First, LastTable: cfg.Tables.Last, Log: log,
	}
}

// check says whether serve would start; loading the file was its first half.
func check(cfg fileConfig, stdout io.Writer) error {
	_, tlsErr := gateway.ServerTLS(cfg.TLS.Certificate, cfg.TLS.Key, cfg.TLS.ClientCA, cfg.TLS.Clients)
	realiser, err := kernel.New(kernelConfig(cfg, slog.New(slog.DiscardHandler)))
	if err == nil {
		realiser.Close()
	}
	if err := errors.Join(tlsErr, err); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, "ok")
	return err //nolint:wrapcheck // standard output
}

// purge removes what is in the kernel and what would put it back. Keys and the
// fence stay: a purged gateway still refuses an old daemon.
func purge(ctx context.Context, cfg fileConfig, stdout io.Writer) error {
	unlock, err := lockState(cfg.StateDir)
	if err != nil {
		return err
	}
	defer unlock()
	for _, name := range []string{"pending.json", "confirmed.json", "config.json"} {
		if err := os.Remove(filepath.Join(cfg.StateDir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("purge: %w", err)
		}
	}
	if err := kernel.Purge(ctx, kernelConfig(cfg, slog.New(slog.DiscardHandler))); err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	_, err = fmt.Fprintln(stdout, "nothing of s2cgw is left in the kernel")
	return err //nolint:wrapcheck // standard output
}

func newLogger(cfg logConfig, w io.Writer) (*slog.Logger, error) {
	level, err := levelOf(cfg.Level)
	if err != nil {
		return nil, err
	}
	opts := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return slog.New(slog.NewTextHandler(w, opts)), nil
}

func levelOf(s string) (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(s)); err != nil {
		return l, fmt.Errorf("log level: %w", err)
	}
	return l, nil
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
