// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/gateway/probe"
	"github.com/s2cd/s2cd/southbound"
)

// These tests run on any Linux kernel with network namespaces, veth, TUN, TBF
// and police, as root. What needs a VRF or a policer is in cmd/s2cgw behind the tag kernellab.

// newNamespace makes one that goes with the test.
func newNamespace(t *testing.T, name string) (string, *netlink.Handle) {
	t.Helper()
	name = fmt.Sprintf("s2cd-%s-%d", name, os.Getpid())
	var h netns.NsHandle
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread goes with the namespace
		var err error
		h, err = netns.NewNamed(name)
		done <- err
	}()
	must(t, <-done)
	t.Cleanup(func() { _ = h.Close(); _ = netns.DeleteNamed(name) })
	nl, err := netlink.NewHandleAt(h)
	must(t, err)
	t.Cleanup(nl.Close)
	lo, err := nl.LinkByName("lo")
	must(t, err)
	must(t, nl.LinkSetUp(lo))
	return name, nl
}

func newRealiser(t *testing.T, name, wireguard string) *Realiser {
	t.Helper()
	r, err := open(Config{Namespace: name, Folder: filepath.Join(t.TempDir(), "k"), WireGuardGo: wireguard})
	must(t, err)
	t.Cleanup(r.Close)
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWork(t *testing.T, r *Realiser) *work {
	t.Helper()
	w := r.newWork(t.Context(), gateway.Desired{})
	must(t, w.readLinks())
	return w
}

// veth makes a pair whose ends are in two namespaces, addressed and up.
func veth(t *testing.T, a, b *netlink.Handle, nsB, left, right, addrA, addrB string) {
	t.Helper()
	must(t, a.LinkAdd(&netlink.Veth{LinkAttrs: probeAttrs(left), PeerName: right}))
	peer, err := a.LinkByName(right)
	must(t, err)
	h, err := netns.GetFromName(nsB)
	must(t, err)
	defer func() { _ = h.Close() }()
	must(t, a.LinkSetNsFd(peer, int(h)))
	for _, e := range []struct {
		nl         *netlink.Handle
		name, addr string
	}{{a, left, addrA}, {b, right, addrB}} {
		l, err := e.nl.LinkByName(e.name)
		must(t, err)
		must(t, e.nl.AddrAdd(l, &netlink.Addr{IPNet: ipNet(netip.MustParsePrefix(e.addr))}))
		must(t, e.nl.LinkSetUp(l))
	}
}

func TestNewRefusesAKernelWithoutVRF(t *testing.T) {
	t.Parallel()
	name, nl := newNamespace(t, "vrf")
	vrfErr := nl.LinkAdd(&netlink.Vrf{LinkAttrs: probeAttrs("v"), Table: 9})
	r, err := New(Config{Namespace: name, Folder: t.TempDir(), WireGuardGo: "/nowhere/wireguard-go"})
	if err == nil {
		r.Close()
		if vrfErr != nil {
			t.Fatalf("a kernel without VRF (%v) is accepted", vrfErr)
		}
		return
	}
	if vrfErr != nil && !strings.Contains(err.Error(), "CONFIG_NET_VRF") {
		t.Errorf("the refusal does not name VRF: %v", err)
	}
	links, err := nl.LinkList()
	must(t, err)
	for _, l := range links {
		if strings.HasPrefix(l.Attrs().Name, "s2cdprobe") {
			t.Errorf("%s is left", l.Attrs().Name)
		}
	}
}

func TestShape(t *testing.T) {
	t.Parallel()
	name, nl := newNamespace(t, "lim")
	must(t, nl.LinkAdd(&netlink.Veth{LinkAttrs: probeAttrs("a"), PeerName: "b"}))
	l, err := nl.LinkByName("a")
	must(t, err)
	w := newWork(t, newRealiser(t, name, ""))
	for _, kbps := range []uint64{5000, 5000, 32000000, 1, 0, 0} {
		must(t, w.limit(l, kbps, 0, 1500))
		qdiscs, err := nl.QdiscList(l)
		must(t, err)
		var shaped uint64
		for _, q := range qdiscs {
			if tbf, ok := q.(*netlink.Tbf); ok {
				shaped += tbf.Rate
			}
		}
		if shaped != kbps*125 {
			t.Errorf("%d kbit/s: the kernel has %d bytes/s", kbps, shaped)
		}
	}
}

func TestRoutesAreComparedAndOnlyOursTouched(t *testing.T) {
	t.Parallel()
	name, nl := newNamespace(t, "rt")
	other, nlB := newNamespace(t, "rtb")
	veth(t, nl, nlB, other, "eth1.5", "far", "192.0.2.1/30", "192.0.2.2/30")
	l, err := nl.LinkByName("eth1.5")
	must(t, err)
	must(t, nl.AddrAdd(l, &netlink.Addr{IPNet: ipNet(netip.MustParsePrefix("2001:db8::1/64")), Flags: unix.IFA_F_NODAD}))
	foreign := &netlink.Route{Dst: ipNet(netip.MustParsePrefix("203.0.113.0/24")), LinkIndex: l.Attrs().Index, Table: 10000}
	must(t, nl.RouteAdd(foreign))
	w := newWork(t, newRealiser(t, name, ""))
	w.tables["red"] = 10000
	pfx, addr := netip.MustParsePrefix, netip.MustParseAddr
	vrf := southbound.VRF{
		Name: "red",
		Attachments: []southbound.Attachment{{
			Port: "eth1", VLAN: 5, Addresses: []netip.Prefix{pfx("192.0.2.1/30"), pfx("2001:db8::1/64")},
		}},
	}
	for _, list := range [][]southbound.StaticRoute{
		{{Prefix: pfx("10.0.0.0/8"), NextHop: addr("192.0.2.2")}, {Prefix: pfx("0.0.0.0/0"), NextHop: addr("192.0.2.2")}},
		{{Prefix: pfx("10.0.0.0/8"), NextHop: addr("192.0.2.2")}, {Prefix: pfx("2001:db8:1::/48"), NextHop: addr("2001:db8::2")}},
		{{Prefix: pfx("2001:db8:1::/48"), NextHop: addr("2001:db8::3")}, {Prefix: pfx("::/0"), NextHop: addr("2001:db8::3")}},
		nil,
	} {
		vrf.Routes = list
		w.want.Config.VRFs = []southbound.VRF{vrf}
		for range 2 { // the second finds nothing to do
			must(t, w.routes())
			have, err := w.ownRoutes()
			must(t, err)
			if len(have) != len(list)+2 {
				t.Errorf("%d routes, want %d and 2 unreachable defaults: %v", len(have), len(list), have)
			}
		}
	}
	w.want.Config.VRFs = nil
	must(t, w.routes())
	if have, err := w.ownRoutes(); err != nil || len(have) != 0 {
		t.Errorf("left: %v, %v", have, err)
	}
	all, err := nl.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: 10000}, netlink.RT_FILTER_TABLE)
	must(t, err)
	if len(all) != 1 {
		t.Errorf("the foreign route is gone or has company: %v", all)
	}
}

func TestLocalRuleMovesAndReturns(t *testing.T) {
	t.Parallel()
	name, nl := newNamespace(t, "rule")
	r := newRealiser(t, name, "")
	for _, to := range []int{localPriority, localPriority, 0, 0} {
		for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
			must(t, r.moveLocalRule(family, to))
			rules, err := nl.RuleList(family)
			must(t, err)
			var at []int
			for _, rule := range rules {
				if rule.Table == unix.RT_TABLE_LOCAL {
					at = append(at, max(rule.Priority, 0))
				}
			}
			if len(at) != 1 || at[0] != to {
				t.Errorf("family %d: local rule at %v, want %d", family, at, to)
			}
		}
	}
}

// buildWireGuard makes wireguard-go from the module this one requires.
func buildWireGuard(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wireguard")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "golang.zx2c4.com/wireguard").CombinedOutput()
	if err != nil {
		t.Fatalf("build wireguard-go: %v\n%s", err, out)
	}
	return path
}

// TestTunnelLivesThroughItsAgent makes a tunnel with one realiser, drops that,
// adopts it with another and removes it.
func TestTunnelLivesThroughItsAgent(t *testing.T) {
	t.Parallel()
	wireguard := buildWireGuard(t)
	name, nl := newNamespace(t, "wg")
	r := newRealiser(t, name, wireguard)
	r.kind = userspace
	key, err := wgtypes.GeneratePrivateKey()
	must(t, err)
	peer, err := wgtypes.GeneratePrivateKey()
	must(t, err)
	tun := southbound.Tunnel{
		Name: fmt.Sprintf("s2t%d", os.Getpid()%1000000), ListenPort: 51820, KeepaliveSecs: 5,
		Peer: southbound.Peer{
			PublicKey: peer.PublicKey().String(), Endpoint: netip.MustParseAddrPort("192.0.2.9:51820"),
			AllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")},
		},
	}
	want := gateway.Desired{Keys: map[uint16]wgtypes.Key{51820: key}}
	w := newWork(t, r)
	w.want = want
	l, err := w.make(w.tunnelLink(tun.Name), "s2cd:1:x", func() error { return w.startEngine(tun.Name) })
	must(t, err)
	t.Cleanup(func() { // what a failed test leaves
		if l, err := nl.LinkByName(tun.Name); err == nil {
			_ = nl.LinkDel(l)
		}
	})
	must(t, w.configure(tun))

	again := newRealiser(t, name, wireguard)
	again.kind = userspace
	w = newWork(t, again)
	w.want = want
	found := w.links[tun.Name]
	if found == nil || !ours(found) || !w.usable(found) || found.Attrs().Index != l.Attrs().Index {
		t.Fatalf("not adopted: %+v", found)
	}
	must(t, w.configure(tun))
	tun.Peer.AllowedIPs = tun.Peer.AllowedIPs[:1]
	tun.KeepaliveSecs = 0
	must(t, w.configure(tun))
	d, err := again.wg.Device(tun.Name)
	must(t, err)
	if d.ListenPort != 51820 || len(d.Peers) != 1 || len(d.Peers[0].AllowedIPs) != 1 || d.Peers[0].PersistentKeepaliveInterval != 0 {
		t.Errorf("device %+v", d)
	}
	must(t, w.removeUnwanted())
	if _, err := nl.LinkByName(tun.Name); err == nil {
		t.Error("the link is left")
	}
	if _, err := os.Stat(again.socket(tun.Name)); err == nil {
		t.Error("the socket is left")
	}
}

func TestJournalKnowsAHalfMadeLink(t *testing.T) {
	t.Parallel()
	name, nl := newNamespace(t, "jrn")
	r := newRealiser(t, name, "")
	must(t, nl.LinkAdd(&netlink.Veth{LinkAttrs: probeAttrs("half"), PeerName: "other"}))
	must(t, nl.LinkAdd(&netlink.Veth{LinkAttrs: probeAttrs("foreign"), PeerName: "other2"}))
	must(t, os.WriteFile(filepath.Join(r.cfg.Folder, "making", "half"), nil, 0o600))
	w := newWork(t, r)
	if _, err := w.make(&netlink.Dummy{LinkAttrs: probeAttrs("foreign")}, "s2cd:1:x", nil); err == nil {
		t.Error("a foreign link is taken over")
	}
	must(t, w.removeUnwanted())
	if _, err := nl.LinkByName("half"); err == nil {
		t.Error("the half-made link is left")
	}
	if _, err := nl.LinkByName("foreign"); err != nil {
		t.Error("the foreign link is gone")
	}
}

// TestProbe measures over a veth; its device stands for the VRF's.
func TestProbe(t *testing.T) {
	t.Parallel()
	name, nl := newNamespace(t, "pr")
	other, nlB := newNamespace(t, "prb")
	veth(t, nl, nlB, other, "dev", "far", "192.0.2.1/30", "192.0.2.2/30")
	for _, e := range []struct {
		nl        *netlink.Handle
		dev, addr string
	}{{nl, "dev", "2001:db8::1/64"}, {nlB, "far", "2001:db8::2/64"}} {
		l, err := e.nl.LinkByName(e.dev)
		must(t, err)
		must(t, e.nl.AddrAdd(l, &netlink.Addr{IPNet: ipNet(netip.MustParsePrefix(e.addr)), Flags: unix.IFA_F_NODAD}))
	}
	r := newRealiser(t, name, "")
	p := probe.New(r.OpenProbe, slog.New(slog.DiscardHandler))
	defer p.Close()
	addr := netip.MustParseAddr
	var list []southbound.Probe
	for i, size := range []uint16{1500, 1501} {
		list = append(list,
			southbound.Probe{Name: fmt.Sprint("four", i), Source: addr("192.0.2.1"), Target: addr("192.0.2.2"), IntervalMsec: 20, FullSize: size},
			southbound.Probe{Name: fmt.Sprint("six", i), Source: addr("2001:db8::1"), Target: addr("2001:db8::2"), IntervalMsec: 20, FullSize: size})
	}
	p.Set(southbound.DeviceConfig{VRFs: []southbound.VRF{{Name: "dev", Probes: list}}})
	deadline, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	for {
		res := p.Results()
		good := 0
		for _, x := range res {
			fits := x.Name == "four0" || x.Name == "six0"
			if x.Received >= 10 && x.FullSent > 0 && (x.FullReceived > 0) == fits && x.MeanRTTMicros > 0 {
				good++
			}
		}
		if good == 4 {
			return
		}
		select {
		case <-deadline.Done():
			t.Fatalf("probes: %+v", res)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestVLANName(t *testing.T) {
	t.Parallel()
	for _, port := range []string{"eth1", "enp65s0f1np1xyz", "abcdefghijklmno"} {
		name := VLANName(port, 4094)
		if len(name) >= unix.IFNAMSIZ || !strings.HasSuffix(name, ".4094") {
			t.Errorf("%s: %s", port, name)
		}
	}
}

func TestPortFree(t *testing.T) {
	t.Parallel()
	name, _ := newNamespace(t, "udp")
	r := newRealiser(t, name, "")
	w := newWork(t, r)
	must(t, w.portFree(51820))
	var c net.PacketConn
	must(t, r.ns.do(func() (err error) {
		c, err = net.ListenPacket("udp", ":51820")
		return err
	}))
	defer func() { _ = c.Close() }()
	if err := w.portFree(51820); err == nil {
		t.Error("a port in use is free")
	}
}

// TestClamp wants either the rules in the kernel or a fault that says why not.
func TestClamp(t *testing.T) {
	t.Parallel()
	name, _ := newNamespace(t, "mss")
	r := newRealiser(t, name, "")
	w := newWork(t, r)
	w.want.Config.VRFs = []southbound.VRF{{Name: "red", Tunnels: []southbound.Tunnel{{Name: "wg1", MTU: 1400, ClampMSS: true}}}}
	w.clampMSS()
	if there := r.clampThere(); there == (len(w.faults) > 0) {
		t.Errorf("rules are there: %v, faults: %v", there, w.faults)
	}
	for _, f := range w.faults {
		if !strings.Contains(f, "CONFIG_NF_TABLES_INET") || strings.Contains(f, "\n") {
			t.Errorf("fault %q", f)
		}
		t.Log(f)
	}
	w.want.Config.VRFs = nil
	w.clampMSS()
	if r.clampThere() {
		t.Error("the table is left")
	}
}
