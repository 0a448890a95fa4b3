// SPDX-License-Identifier: Apache-2.0

// Package lab starts the whole lab inside the root that package kernel has
// made: the network, the core's FRR, the lab PEs, and certificates for all
// who speak to each other. Scenarios are written on top of [Env].
package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/s2cd/s2cd/lab/certs"
	"github.com/s2cd/s2cd/lab/frr"
	"github.com/s2cd/s2cd/lab/network"
	"github.com/s2cd/s2cd/lab/process"
)

// Config is what a lab needs.
type Config struct {
	Topology network.Topology
	// Results is the folder for logs and certificates.
	Results string
	// LabPE and WireGuard are the programs labpe and wireguard-go.
	LabPE, WireGuard string
	Log              *slog.Logger
}

// Env is a running lab.
type Env struct {
	*network.Network
	Certs *certs.Authority
	// Client is s2cd's certificate for devices, API the one for its API.
	Client, API certs.Files
	// PEAddr is where the gNMI server of a PE listens, FaultsAddr the fault
	// verbs of all PEs.
	PEAddr     map[string]string
	FaultsAddr string
	// LabPE is the process of all lab PEs.
	LabPE *process.Process

	cfg Config

	mu    sync.Mutex // guards procs
	procs []*process.Process
}

// Start builds the network and starts everything in it. It returns when the
// PEs answer and their VPNv4 session is up. It is to be called once in a root
// of its own: names and addresses are fixed. On an error everything is closed.
func Start(ctx context.Context, cfg Config) (*Env, error) {
	env := &Env{cfg: cfg, PEAddr: map[string]string{}, FaultsAddr: "127.0.0.1:9340"}
	for i, name := range cfg.Topology.PEs() {
		env.PEAddr[name] = fmt.Sprintf("127.0.0.1:%d", 9341+i)
	}
	began := time.Now()
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"certificates", env.makeCerts}, {"network", env.build}, {"routers", env.startRouters},
		{"core routes", env.waitIGP}, {"VPNv4 session up", env.waitBGP}, {"lab PEs ready", env.WaitPEs},
	}
	for _, s := range steps {
		if err := s.do(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("start lab: %s: %w", s.name, err), env.Close())
		}
		cfg.Log.Info("lab", "step", s.name, "at", time.Since(began).Round(time.Millisecond))
	}
	return env, nil
}

// Close ends all processes and removes the namespaces.
func (e *Env) Close() error {
	e.mu.Lock()
	procs := e.procs
	e.procs = nil
	e.mu.Unlock()
	var errs []error
	for i := len(procs) - 1; i >= 0; i-- {
		errs = append(errs, procs[i].Kill())
	}
	if e.Network != nil {
		errs = append(errs, e.Network.Close())
	}
	return errors.Join(errs...)
}

// LogFile is the file for the output of a program.
func (e *Env) LogFile(name string) string {
	return filepath.Join(e.cfg.Results, "log", name+".log")
}

// StartProcess starts a program in a namespace, "" for the management network,
// with its output in [Env.LogFile]. It is killed by [Env.Close].
func (e *Env) StartProcess(name, namespace string, argv, env []string) (*process.Process, error) {
	p, err := process.Start(process.Spec{Name: name, Netns: network.Path(namespace), Argv: argv, Env: env, Log: e.LogFile(name)})
	if err != nil {
		return nil, err
	}
	e.adopt(p)
	return p, nil
}

// RestartProcess starts a program again that has ended.
func (e *Env) RestartProcess(p *process.Process) (*process.Process, error) {
	again, err := p.Restart()
	if err != nil {
		return nil, err
	}
	e.adopt(again)
	return again, nil
}

func (e *Env) adopt(p *process.Process) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.procs = append(e.procs, p)
}

func (e *Env) makeCerts(context.Context) error {
	ca, err := certs.New(filepath.Join(e.cfg.Results, "certs"), time.Now())
	if err != nil {
		return err
	}
	e.Certs = ca
	for _, name := range e.cfg.Topology.PEs() {
		if _, err := ca.Issue(deviceLeaf(name, net.IPv4(127, 0, 0, 1))); err != nil {
			return err
		}
	}
	g := e.cfg.Topology.Gateway
	if _, err := ca.Issue(deviceLeaf(g.Name, g.MgmtAddr.Addr().AsSlice())); err != nil {
		return err
	}
	if e.Client, err = ca.Issue(certs.Leaf{Name: "s2cd", URI: certs.ClientID("s2cd")}); err != nil {
		return err
	}
	e.API, err = ca.Issue(certs.Leaf{Name: "api", DNS: []string{"localhost"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}})
	return err
}

func deviceLeaf(name string, ip net.IP) certs.Leaf {
	return certs.Leaf{Name: name, URI: certs.DeviceID(name), DNS: []string{strings.ToLower(name) + "." + certs.TrustDomain}, IPs: []net.IP{ip}}
}

// DeviceFiles are the certificate files of a PE or the gateway.
func (e *Env) DeviceFiles(name string) certs.Files {
	dir := e.Certs.Dir
	return certs.Files{Cert: filepath.Join(dir, name+".pem"), Key: filepath.Join(dir, name+"-key.pem"), CA: e.Certs.CA()}
}

func (e *Env) startupDir() string { return filepath.Join(e.cfg.Results, "startup") }

func (e *Env) build(context.Context) error {
	// The trees of an earlier lab are of boxes that are gone.
	if err := os.RemoveAll(e.startupDir()); err != nil {
		return fmt.Errorf("remove old startup trees: %w", err)
	}
	n, err := network.Build(e.cfg.Topology, e.cfg.WireGuard, filepath.Join(e.cfg.Results, "log"))
	e.Network = n
	return err
}

// startRouters starts FRR and, beside it, the lab PEs: each takes seconds of
// CPU of its own.
func (e *Env) startRouters(ctx context.Context) error {
	if err := e.StartPEs(); err != nil {
		return err
	}
	var daemons [][]frr.Daemon
	for _, r := range e.FRR() {
		d, err := frr.Prepare(r)
		if err != nil {
			return err
		}
		daemons = append(daemons, d)
	}
	// zebra first: the others need it.
	if err := e.startDaemons(ctx, daemons, true); err != nil {
		return err
	}
	return e.startDaemons(ctx, daemons, false)
}

func (e *Env) startDaemons(ctx context.Context, routers [][]frr.Daemon, zebra bool) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, daemons := range routers {
		for _, d := range daemons {
			if (d.Name == "zebra") != zebra {
				continue
			}
			p, err := e.StartProcess("frr-"+d.Router+"-"+d.Name, d.Router, d.Argv, nil)
			if err != nil {
				return err
			}
			group.Go(func() error { return e.waitDaemon(ctx, p, d) })
		}
	}
	return group.Wait()
}

func (e *Env) waitDaemon(ctx context.Context, p *process.Process, d frr.Daemon) error {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Minute)
	defer cancel()
	go func() {
		select {
		case <-p.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := frr.WaitReady(ctx, d.Router, d.Name); err != nil {
		return fmt.Errorf("%w, see %s", err, p.Log())
	}
	return nil
}

// StartPEs starts the lab PEs, also again after a scenario has killed them.
// They keep their trees in a file over that.
func (e *Env) StartPEs() error {
	startup := e.startupDir()
	if err := os.MkdirAll(startup, 0o755); err != nil {
		return fmt.Errorf("make folder of startup trees: %w", err)
	}
	argv := []string{
		e.cfg.LabPE, "--faults", e.FaultsAddr, "--startup", startup, "--as", fmt.Sprint(e.AS),
		"--cert", filepath.Join(e.Certs.Dir, "{name}.pem"), "--key", filepath.Join(e.Certs.Dir, "{name}-key.pem"), "--ca", e.Certs.CA(),
	}
	for _, t := range e.Trunks {
		argv = append(argv, "--pe", fmt.Sprintf("name=%s,netns=%s,listen=%s,frr=%s,ports=%s", t.PE, t.PE, e.PEAddr[t.PE], frr.SocketDir(t.PE), t.Port))
	}
	p, err := e.StartProcess("labpe", "", argv, nil)
	if err != nil {
		return err
	}
	e.LabPE = p
	return nil
}

// WaitPEs waits until the lab PEs listen.
func (e *Env) WaitPEs(ctx context.Context) error {
	for _, addr := range e.PEAddr {
		err := poll(ctx, 4*time.Minute, func() (bool, error) {
			select {
			case <-e.LabPE.Done():
				return false, fmt.Errorf("labpe ended, see %s", e.LabPE.Log())
			default:
			}
			c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
			if err != nil {
				return false, nil //nolint:nilerr // not yet
			}
			return true, c.Close()
		})
		if err != nil {
			return fmt.Errorf("wait for %s: %w", addr, err)
		}
	}
	return nil
}

// waitIGP waits until each PE has a labelled way to every other router.
func (e *Env) waitIGP(ctx context.Context) error {
	for _, pe := range e.PEs() {
		for _, r := range e.Routers {
			if r.Name == pe {
				continue
			}
			err := poll(ctx, 4*time.Minute, func() (bool, error) {
				text, err := frr.Show(ctx, frr.SocketDir(pe), "zebra", "show ip route "+r.Loopback.String()+"/32")
				if err != nil {
					return false, err
				}
				return strings.Contains(text, "isis") && strings.Contains(text, "label"), nil
			})
			if err != nil {
				return fmt.Errorf("wait for the route from %s to %s: %w", pe, r.Name, err)
			}
		}
	}
	return nil
}

// waitBGP waits for the PEs' session, whose state FRR shows as a number of
// prefixes once it is established.
func (e *Env) waitBGP(ctx context.Context) error {
	for _, name := range e.PEs() {
		err := poll(ctx, 4*time.Minute, func() (bool, error) {
			text, err := frr.Show(ctx, frr.SocketDir(name), "bgpd", "show bgp ipv4 vpn summary json")
			if err != nil {
				return false, err
			}
			return strings.Contains(text, `"state":"Established"`), nil
		})
		if err != nil {
			return fmt.Errorf("wait for BGP of %s: %w", name, err)
		}
	}
	return nil
}

// poll asks every 50 ms until it is so, an error comes or the time is over.
func poll(ctx context.Context, limit time.Duration, so func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := so()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
