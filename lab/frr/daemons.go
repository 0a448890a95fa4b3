// SPDX-License-Identifier: Apache-2.0

package frr

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"
)

// Router is one router's set of daemons.
type Router struct {
	Name string
	// Configs is the configuration by daemon: "zebra", "isisd", ...
	Configs map[string]string
}

// Where FRR keeps things; -N NAME adds the router's name.
const (
	binDir  = "/usr/lib/frr"
	confDir = "/etc/frr"
	runDir  = "/var/run/frr"
)

// order is the order in which the daemons of a router start.
var order = []string{"zebra", "isisd", "bgpd", "staticd"}

// SocketDir is the folder with the vty sockets of a router.
func SocketDir(router string) string { return filepath.Join(runDir, router) }

// Daemon is a command line to start in the router's namespace. It stays in the
// foreground.
type Daemon struct {
	Router, Name string
	Argv         []string
}

// Prepare writes the router's configuration files and gives its daemons in
// the order in which to start them.
func Prepare(r Router) ([]Daemon, error) {
	owner, err := frrUser()
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{filepath.Join(confDir, r.Name), SocketDir(r.Name)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make folder of router %s: %w", r.Name, err)
		}
		if err := os.Chown(dir, owner.uid, owner.gid); err != nil {
			return nil, fmt.Errorf("give folder of router %s to frr: %w", r.Name, err)
		}
	}
	var out []Daemon
	for _, name := range order {
		text, ok := r.Configs[name]
		if !ok {
			continue
		}
		conf := filepath.Join(confDir, r.Name, name+".conf")
		if err := os.WriteFile(conf, []byte(text), 0o640); err != nil {
			return nil, fmt.Errorf("write configuration of %s on %s: %w", name, r.Name, err)
		}
		if err := os.Chown(conf, owner.uid, owner.gid); err != nil {
			return nil, fmt.Errorf("give configuration of %s on %s to frr: %w", name, r.Name, err)
		}
		out = append(out, Daemon{Router: r.Name, Name: name, Argv: []string{
			filepath.Join(binDir, name), "-N", r.Name, "-u", "frr", "-g", "frr",
			"-i", filepath.Join(SocketDir(r.Name), name+".pid"), "-f", conf, "--log", "stdout", "--log-level", "warnings",
		}})
	}
	return out, nil
}

type owner struct{ uid, gid int }

func frrUser() (owner, error) {
	u, err := user.Lookup("frr")
	if err != nil {
		return owner{}, fmt.Errorf("find user of FRR: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return owner{}, fmt.Errorf("user id of frr: %w", err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return owner{}, fmt.Errorf("group id of frr: %w", err)
	}
	return owner{uid, gid}, nil
}

// WaitReady waits until the daemon answers on its vty socket.
func WaitReady(ctx context.Context, router, daemon string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := Show(ctx, SocketDir(router), daemon, "show version")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s of %s: %w (last: %w)", daemon, router, ctx.Err(), err)
		case <-tick.C:
		}
	}
}
