// SPDX-License-Identifier: Apache-2.0

// Command labpe serves the lab's provider edge routers over OpenConfig gNMI.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/credentials"

	"github.com/s2cd/s2cd/lab/frr"
	"github.com/s2cd/s2cd/lab/pe"
)

const (
	startGCPercent = 300
	runGCPercent   = 40
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "labpe:", err)
		os.Exit(1)
	}
}

// peFlag is one --pe.
type peFlag struct {
	name, netns, listen, frr string
	ports                    []string
}

type options struct {
	pes           []peFlag
	cert, key, ca string
	insecure      bool
	faults        string
	startup       string
	as            uint32
	maxVRFs       int
	realise       string
}

func parse(args []string) (options, error) {
	o := options{as: 65000}
	fs := flag.NewFlagSet("labpe", flag.ContinueOnError)
	fs.Func("pe", "name=PE1,netns=PE1,listen=127.0.0.1:9341[,frr=DIR][,ports=eth1+eth2]; repeat for each PE; an empty netns is the current one", func(s string) error {
		f, err := parsePE(s)
		o.pes = append(o.pes, f)
		return err
	})
	fs.StringVar(&o.cert, "cert", "", "server certificate; {name} stands for the PE's name")
	fs.StringVar(&o.key, "key", "", "its key; {name} stands for the PE's name")
	fs.StringVar(&o.ca, "ca", "", "CA of the clients' certificates")
	fs.BoolVar(&o.insecure, "insecure", false, "no TLS; loopback only")
	fs.StringVar(&o.faults, "faults", "", "loopback address of the fault verbs")
	fs.StringVar(&o.startup, "startup", "", "folder that keeps the trees over a restart")
	fs.Func("as", "the provider's AS number (default 65000)", func(s string) error {
		as, err := strconv.ParseUint(s, 10, 32)
		o.as = uint32(as)
		return err
	})
	fs.IntVar(&o.maxVRFs, "max-vrfs", 10, "VRFs that a PE holds at most")
	fs.StringVar(&o.realise, "realise", "linux", "linux, or none: keep the tree only, for tests of clients")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if o.realise != "linux" && o.realise != "none" {
		return o, fmt.Errorf("--realise is linux or none, not %q", o.realise)
	}
	if len(o.pes) == 0 {
		return o, errors.New("no --pe")
	}
	return o, nil
}

func parsePE(s string) (peFlag, error) {
	var f peFlag
	for part := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "name":
			f.name = value
		case "netns":
			f.netns = value
		case "listen":
			f.listen = value
		case "frr":
			f.frr = value
		case "ports":
			f.ports = strings.Split(value, "+")
		default:
			return f, fmt.Errorf("unknown key %q", key)
		}
	}
	if f.name == "" || f.listen == "" {
		return f, errors.New("name and listen are needed")
	}
	if f.frr == "" {
		f.frr = frr.SocketDir(f.name)
	}
	return f, nil
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	// Making the schemas is mostly garbage, and they are mostly dead weight
	// later: collect seldom first and often then.
	debug.SetGCPercent(startGCPercent)
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	defer wg.Wait()
	var mu sync.Mutex // guards pes
	var pes []*pe.PE
	var ready sync.WaitGroup
	for _, f := range o.pes {
		ready.Add(1)
		wg.Go(func() {
			began := time.Now()
			err := servePE(ctx, o, f, log, func(p *pe.PE) {
				mu.Lock()
				pes = append(pes, p)
				mu.Unlock()
				log.Info("ready", "pe", f.name, "listen", f.listen, "took", time.Since(began))
				ready.Done()
			})
			if err != nil {
				cancel(err)
			}
		})
	}
	started := make(chan struct{}) // closed when all PEs are ready
	go func() { ready.Wait(); close(started) }()
	select {
	case <-started:
	case <-ctx.Done():
		return cause(ctx)
	}
	debug.SetGCPercent(runGCPercent)
	debug.FreeOSMemory()
	if o.faults != "" {
		wg.Go(func() {
			if err := serveFaults(ctx, o.faults, pes); err != nil {
				cancel(err)
			}
		})
	}
	<-ctx.Done()
	return cause(ctx)
}

// cause is nil when a signal ended the process.
func cause(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func servePE(ctx context.Context, o options, f peFlag, log *slog.Logger, ready func(*pe.PE)) error {
	ns, err := openNetns(f.netns)
	if err != nil {
		return err
	}
	defer ns.Close()
	links, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("open netlink of %s: %w", f.name, err)
	}
	defer links.Close()
	cfg := pe.Config{
		Name: f.name, Limits: pe.Limits{MaxVRFs: o.maxVRFs, AS: o.as}, Ports: f.ports, Links: links, FRR: f.frr, Log: log,
		TreeOnly: o.realise == "none",
	}
	if o.startup != "" {
		cfg.Startup = filepath.Join(o.startup, f.name+".json")
	}
	p, err := pe.New(ctx, cfg)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen for %s: %w", f.name, err)
	}
	creds, err := credentialsOf(o, f, l)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	ready(p)
	return p.Serve(ctx, l, creds)
}

func openNetns(name string) (netns.NsHandle, error) {
	var ns netns.NsHandle
	var err error
	switch {
	case name == "":
		ns, err = netns.Get()
	case strings.Contains(name, "/"):
		ns, err = netns.GetFromPath(name)
	default:
		ns, err = netns.GetFromName(name)
	}
	if err != nil {
		return ns, fmt.Errorf("open network namespace %s: %w", strconv.Quote(name), err)
	}
	return ns, nil
}

func credentialsOf(o options, f peFlag, l net.Listener) (credentials.TransportCredentials, error) {
	if o.insecure {
		return pe.Insecure(l.Addr())
	}
	named := func(s string) string { return strings.ReplaceAll(s, "{name}", f.name) }
	return pe.Credentials(named(o.cert), named(o.key), o.ca)
}

func serveFaults(ctx context.Context, addr string, pes []*pe.PE) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for fault verbs: %w", err)
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return errors.Join(fmt.Errorf("fault verbs are served on loopback only, not on %s", addr), l.Close())
	}
	srv := &http.Server{Handler: pe.FaultsHandler(pes), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve fault verbs: %w", err)
	}
	return nil
}
