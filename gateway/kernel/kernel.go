// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/wgctrl"

	"github.com/s2cd/s2cd/gateway"
)

// routeProtocol marks routes and rules (rtnetlink(7), rtm_protocol above
// RTPROT_STATIC is free for administrators).
const routeProtocol = 212

// Config says where and with what to work.
type Config struct {
	Namespace   string // name of the data plane's network namespace; empty: the caller's own
	Folder      string // for the journal of links being made, former settings and logs of child processes; made 0700
	WireGuardGo string // path of wireguard-go, used where the kernel has no WireGuard; empty: none
	FirstTable  int    // routing tables of VRFs, first and last;
	LastTable   int    // default 10000 to 19999
	OnChildExit func() // called when a wireguard-go process ended; may be nil
	Log         *slog.Logger
}

// Realiser is one network namespace.
type Realiser struct {
	cfg  Config
	ns   namespace
	nl   *netlink.Handle
	wg   *wgctrl.Client
	kind engine

	// mu serialises Apply; Observe only reads the kernel and takes no lock.
	mu        sync.Mutex
	endpoints map[string]string // tunnel -> endpoint last written
	clamp     string            // MSS rules last written
	clampGone bool              // no MSS rules are wanted and none are left

	clampFault string // why the last try to write MSS rules failed
	clampTried time.Time

	turnsMu sync.Mutex // guards turns
	turns   map[string]chan struct{}
}

var _ gateway.Realiser = (*Realiser)(nil)

// New opens the namespace and refuses a kernel that cannot hold a VPN, naming
// everything that is missing.
func New(cfg Config) (*Realiser, error) {
	r, err := open(cfg)
	if err != nil {
		return nil, err
	}
	if err := r.able(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func open(cfg Config) (*Realiser, error) {
	if cfg.FirstTable == 0 {
		cfg.FirstTable, cfg.LastTable = 10000, 19999
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(filepath.Join(cfg.Folder, "making"), 0o700); err != nil {
		return nil, fmt.Errorf("kernel folder: %w", err)
	}
	r := &Realiser{cfg: cfg, endpoints: map[string]string{}, turns: map[string]chan struct{}{}}
	var err error
	if r.ns, err = openNamespace(cfg.Namespace); err != nil {
		return nil, err
	}
	if r.nl, err = r.ns.handle(); err != nil {
		return nil, err
	}
	err = r.ns.do(func() (err error) {
		r.wg, err = wgctrl.New()
		return err //nolint:wrapcheck // wrapped below
	})
	if err != nil {
		r.nl.Close()
		return nil, fmt.Errorf("wireguard control: %w", err)
	}
	return r, nil
}

// Close lets go of the kernel. Everything made stays as it is.
func (r *Realiser) Close() {
	r.nl.Close()
	_ = r.wg.Close()
	r.ns.close()
}

// Userspace reports whether tunnels run as wireguard-go processes.
func (r *Realiser) Userspace() bool { return r.kind == userspace }

// able probes for what every configuration needs.
func (r *Realiser) able() error {
	var missing []error
	if err := r.probe(&netlink.Vrf{LinkAttrs: probeAttrs("s2cdprobe0"), Table: uint32(r.cfg.LastTable)}); err != nil { //nolint:gosec // small
		missing = append(missing, fmt.Errorf("the kernel has no VRF devices (CONFIG_NET_VRF, module vrf): %w", err))
	}
	parent := &netlink.Veth{LinkAttrs: probeAttrs("s2cdprobe1"), PeerName: "s2cdprobe2"}
	if err := r.probeVLAN(parent); err != nil {
		missing = append(missing, fmt.Errorf("the kernel has no VLAN devices (CONFIG_VLAN_8021Q, module 8021q): %w", err))
	}
	switch err := r.probe(&netlink.Wireguard{LinkAttrs: probeAttrs("s2cdprobe3")}); {
	case err == nil:
		r.kind = inKernel
	case r.cfg.WireGuardGo != "":
		r.kind = userspace
		if _, serr := os.Stat(r.cfg.WireGuardGo); serr != nil {
			missing = append(missing, fmt.Errorf("the kernel has no WireGuard (%w) and wireguard-go is not there: %w", err, serr))
		}
	default:
		missing = append(missing, fmt.Errorf("the kernel has no WireGuard (CONFIG_WIREGUARD): %w; no wireguard-go is configured", err))
	}
	if len(missing) > 0 {
		return fmt.Errorf("this machine cannot be a gateway: %w", errors.Join(missing...))
	}
	return nil
}

func probeAttrs(name string) netlink.LinkAttrs {
	a := netlink.NewLinkAttrs()
	a.Name = name
	return a
}

// probe makes a link and removes it. A leftover of an earlier probe that was
// killed goes first.
func (r *Realiser) probe(l netlink.Link) error {
	if old, err := r.nl.LinkByName(l.Attrs().Name); err == nil {
		_ = r.nl.LinkDel(old)
	}
	if err := r.nl.LinkAdd(l); err != nil {
		return fmt.Errorf("make %s: %w", l.Attrs().Name, err)
	}
	made, err := r.nl.LinkByName(l.Attrs().Name)
	if err != nil {
		return fmt.Errorf("read back %s: %w", l.Attrs().Name, err)
	}
	if err := r.nl.LinkDel(made); err != nil {
		return fmt.Errorf("remove %s: %w", l.Attrs().Name, err)
	}
	return nil
}

func (r *Realiser) probeVLAN(parent *netlink.Veth) error {
	if old, err := r.nl.LinkByName(parent.Name); err == nil {
		_ = r.nl.LinkDel(old)
	}
	if err := r.nl.LinkAdd(parent); err != nil {
		return fmt.Errorf("make %s: %w", parent.Name, err)
	}
	l, err := r.nl.LinkByName(parent.Name)
	if err != nil {
		return fmt.Errorf("read back %s: %w", parent.Name, err)
	}
	attrs := probeAttrs("s2cdprobe4")
	attrs.ParentIndex = l.Attrs().Index
	err = r.probe(&netlink.Vlan{LinkAttrs: attrs, VlanId: 1})
	return errors.Join(err, r.nl.LinkDel(l))
}

// namespace is where the data plane is.
type namespace struct {
	fd  netns.NsHandle
	own bool
}

func openNamespace(name string) (namespace, error) {
	if name == "" {
		return namespace{fd: netns.None(), own: true}, nil
	}
	fd, err := netns.GetFromName(name)
	if err != nil {
		return namespace{}, fmt.Errorf("network namespace %s: %w", name, err)
	}
	return namespace{fd: fd}, nil
}

func (n namespace) handle() (h *netlink.Handle, err error) {
	if n.own {
		h, err = netlink.NewHandle(unix.NETLINK_ROUTE)
	} else {
		h, err = netlink.NewHandleAt(n.fd, unix.NETLINK_ROUTE)
	}
	if err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	return h, nil
}

// do runs f in the namespace. The thread that went there is thrown away.
func (n namespace) do(f func() error) error {
	if n.own {
		return f()
	}
	return inNamespace(n.fd, f)
}

func (n namespace) close() {
	if !n.own {
		_ = n.fd.Close()
	}
}

// ctxErr names a deadline that passed in the middle of a change.
func ctxErr(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("realising took too long: %w", err)
	}
	return nil
}
