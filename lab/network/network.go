// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/s2cd/s2cd/lab/process"
)

// Network is a built topology.
type Network struct {
	Topology
	logs      string
	wireguard string

	handles map[string]*netlink.Handle
	fds     map[string]netns.NsHandle

	mu     sync.Mutex // guards what follows
	keys   map[string]wgtypes.Key
	clouds map[string]*process.Process
}

// Build makes the namespaces and links. wireguard is the wireguard-go program
// for clouds on a kernel without WireGuard, logs the folder for its output.
// The caller owns the network also when an error comes with it.
func Build(t Topology, wireguard, logs string) (*Network, error) {
	n := &Network{
		Topology: t, logs: logs, wireguard: wireguard,
		handles: map[string]*netlink.Handle{}, fds: map[string]netns.NsHandle{},
		keys: map[string]wgtypes.Key{}, clouds: map[string]*process.Process{},
	}
	for _, name := range t.Namespaces() {
		if err := n.addNamespace(name); err != nil {
			return n, err
		}
	}
	steps := []func() error{n.buildCore, n.buildTrunks, n.buildUnderlay, n.buildManagement, n.buildLANs}
	for _, step := range steps {
		if err := step(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// Close ends the clouds' WireGuard and removes the namespaces.
func (n *Network) Close() error {
	var errs []error
	n.mu.Lock()
	for _, p := range n.clouds {
		errs = append(errs, p.Kill())
	}
	n.mu.Unlock()
	for name, h := range n.handles {
		h.Close()
		fd := n.fds[name]
		errs = append(errs, fd.Close(), netns.DeleteNamed(name))
	}
	return errors.Join(errs...)
}

// Path is the file of a namespace; "" stays "", the lab's own namespace.
func Path(namespace string) string {
	if namespace == "" {
		return ""
	}
	return filepath.Join("/run/netns", namespace)
}

// Do runs f on a thread in the namespace. Sockets that it opens stay there.
func (n *Network) Do(namespace string, f func() error) error {
	return process.InNetns(Path(namespace), f)
}

// Handle is the netlink handle of a namespace.
func (n *Network) Handle(namespace string) (*netlink.Handle, error) {
	h, ok := n.handles[namespace]
	if !ok {
		return nil, fmt.Errorf("there is no namespace %s in the lab", namespace)
	}
	return h, nil
}

func (n *Network) addNamespace(name string) error {
	type made struct {
		fd  netns.NsHandle
		err error
	}
	done := make(chan made)
	go func() {
		runtime.LockOSThread() // never unlocked, see process.InNetns
		fd, err := netns.NewNamed(name)
		if err == nil {
			err = namespaceSysctls()
		}
		done <- made{fd, err}
	}()
	m := <-done
	if m.err != nil {
		return fmt.Errorf("make namespace %s: %w", name, m.err)
	}
	h, err := netlink.NewHandleAt(m.fd, unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("open netlink of %s: %w", name, err)
	}
	n.handles[name], n.fds[name] = h, m.fd
	lo, err := h.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo of %s: %w", name, err)
	}
	if err := h.LinkSetUp(lo); err != nil {
		return fmt.Errorf("set lo of %s up: %w", name, err)
	}
	return nil
}

// namespaceSysctls makes the current namespace forward. Without duplicate
// address detection an IPv6 address is usable at once.
func namespaceSysctls() error {
	for key, value := range map[string]string{
		"net/ipv4/ip_forward": "1", "net/ipv4/conf/all/rp_filter": "0", "net/ipv4/conf/default/rp_filter": "0",
		"net/ipv6/conf/all/forwarding": "1", "net/ipv6/conf/default/accept_dad": "0", "net/ipv6/conf/all/accept_dad": "0",
	} {
		if err := setSysctl(key, value); err != nil {
			return err
		}
	}
	return nil
}

func setSysctl(key, value string) error {
	if err := os.WriteFile("/proc/sys/"+key, []byte(value), 0o644); err != nil {
		return fmt.Errorf("set %s: %w", strings.ReplaceAll(key, "/", "."), err)
	}
	return nil
}

// end is one end of a veth pair.
type end struct {
	namespace, name string
	addr            netip.Prefix // may be invalid: none
}

// veth makes a pair, moves its ends and sets them up. An end with an empty
// namespace stays in the lab's own.
func (n *Network) veth(mtu int, a, b end) error {
	root, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("open netlink: %w", err)
	}
	defer root.Close()
	// Both ends are made in the lab's own namespace, under names that cannot
	// meet others, and get theirs where they belong.
	pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "s2c-end-a", MTU: mtu}, PeerName: "s2c-end-b"}
	if err := root.LinkAdd(pair); err != nil {
		return fmt.Errorf("make link %s:%s - %s:%s: %w", a.namespace, a.name, b.namespace, b.name, err)
	}
	for tmp, e := range map[string]end{"s2c-end-a": a, "s2c-end-b": b} {
		if err := n.place(root, tmp, e, mtu); err != nil {
			return fmt.Errorf("place %s in %s: %w", e.name, e.namespace, err)
		}
	}
	return nil
}

func (n *Network) place(root *netlink.Handle, tmp string, e end, mtu int) error {
	link, err := root.LinkByName(tmp)
	if err != nil {
		return err
	}
	h := root
	if e.namespace != "" {
		if err := root.LinkSetNsFd(link, int(n.fds[e.namespace])); err != nil {
			return err
		}
		h = n.handles[e.namespace]
		if link, err = h.LinkByName(tmp); err != nil {
			return err
		}
	}
	if err := h.LinkSetName(link, e.name); err != nil {
		return err
	}
	if err := h.LinkSetMTU(link, mtu); err != nil {
		return err
	}
	if e.addr.IsValid() {
		if err := h.AddrAdd(link, address(e.addr)); err != nil {
			return err
		}
	}
	return h.LinkSetUp(link)
}

func address(p netip.Prefix) *netlink.Addr {
	return &netlink.Addr{IPNet: ipNet(p)}
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// addRoute sends dst by way of via, on dev when it is not empty.
func (n *Network) addRoute(namespace string, dst netip.Prefix, via netip.Addr, dev string) error {
	h, err := n.Handle(namespace)
	if err != nil {
		return err
	}
	r := &netlink.Route{Dst: ipNet(dst)}
	if via.IsValid() {
		r.Gw = via.AsSlice()
	}
	if dev != "" {
		link, err := h.LinkByName(dev)
		if err != nil {
			return fmt.Errorf("find %s in %s: %w", dev, namespace, err)
		}
		r.LinkIndex = link.Attrs().Index
	}
	if err := h.RouteReplace(r); err != nil {
		return fmt.Errorf("route %s by %s in %s: %w", dst, via, namespace, err)
	}
	return nil
}

// AddHost gives a namespace an address on lo: a host of its own network.
func (n *Network) AddHost(namespace string, p netip.Prefix) error {
	h, err := n.Handle(namespace)
	if err != nil {
		return err
	}
	lo, err := h.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo of %s: %w", namespace, err)
	}
	if err := h.AddrAdd(lo, address(p)); err != nil {
		return fmt.Errorf("add %s to lo of %s: %w", p, namespace, err)
	}
	return nil
}
