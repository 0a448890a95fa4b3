// SPDX-License-Identifier: Apache-2.0

//go:build kernellab

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/wgctrl"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// labNet is a gateway's surroundings: namespace GW for the agent's data plane,
// two customers' sites behind VLANs of one trunk with the same addresses, two
// clouds behind underlay links with the same addresses inside.
type labNet struct {
	t    *testing.T // of the step that runs
	root *testing.T // what is made lives until its end
	ns   map[string]netns.NsHandle
	nl   map[string]*netlink.Handle
}

const (
	siteAddr4, gwAddr4, cloudAddr4 = "192.168.9.1", "192.168.9.2", "10.50.0.10"
	siteAddr6, gwAddr6, cloudAddr6 = "fd00:9::1", "fd00:9::2", "fd00:50::10"
	echoPort                       = 7777
	sinkPort                       = 7778
)

func newLabNet(t *testing.T) *labNet {
	n := &labNet{t: t, root: t, ns: map[string]netns.NsHandle{}, nl: map[string]*netlink.Handle{}}
	for _, name := range []string{"GW", "SITE1", "SITE2", "CLOUD1", "CLOUD2"} {
		n.namespace(name)
	}
	n.trunk()
	for i := 1; i <= 2; i++ {
		n.underlay(i)
	}
	return n
}

func (n *labNet) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *labNet) namespace(name string) {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread goes with the namespace
		h, err := netns.NewNamed(name)
		n.ns[name] = h
		done <- err
	}()
	n.must(<-done)
	n.root.Cleanup(func() { h := n.ns[name]; _ = h.Close(); _ = netns.DeleteNamed(name) })
	h, err := netlink.NewHandleAt(n.ns[name], unix.NETLINK_ROUTE)
	n.must(err)
	n.nl[name] = h
	n.root.Cleanup(h.Close)
	lo, err := h.LinkByName("lo")
	n.must(err)
	n.must(h.LinkSetUp(lo))
}

// in runs f inside a namespace.
func (n *labNet) in(name string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if err := netns.Set(n.ns[name]); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// trunk is a veth from GW; VLAN 100 ends in SITE1, VLAN 200 in SITE2.
func (n *labNet) trunk() {
	gw := n.nl["GW"]
	a := netlink.NewLinkAttrs()
	a.Name, a.MTU = "trunk", 1600
	n.must(gw.LinkAdd(&netlink.Veth{LinkAttrs: a, PeerName: "pe"}))
	for _, name := range []string{"trunk", "pe"} {
		l, err := gw.LinkByName(name)
		n.must(err)
		n.must(gw.LinkSetMTU(l, 1600))
		n.must(gw.LinkSetUp(l))
	}
	pe, err := gw.LinkByName("pe")
	n.must(err)
	for i, site := range []string{"SITE1", "SITE2"} {
		v := netlink.NewLinkAttrs()
		v.Name, v.ParentIndex, v.MTU = fmt.Sprintf("ce%d", i+1), pe.Attrs().Index, 1500
		n.must(gw.LinkAdd(&netlink.Vlan{LinkAttrs: v, VlanId: 100 * (i + 1)}))
		l, err := gw.LinkByName(v.Name)
		n.must(err)
		n.must(gw.LinkSetNsFd(l, int(n.ns[site])))
		n.linkUp(site, v.Name, siteAddr4+"/30", siteAddr6+"/64")
		n.route(site, "10.50.0.0/16", gwAddr4, "")
		n.route(site, "fd00:50::/64", gwAddr6, "")
	}
}

func (n *labNet) underlay(i int) {
	cloud := fmt.Sprintf("CLOUD%d", i)
	gw := n.nl["GW"]
	a := netlink.NewLinkAttrs()
	a.Name = fmt.Sprintf("under%d", i)
	n.must(gw.LinkAdd(&netlink.Veth{LinkAttrs: a, PeerName: "far"}))
	far, err := gw.LinkByName("far")
	n.must(err)
	n.must(gw.LinkSetNsFd(far, int(n.ns[cloud])))
	n.linkUp("GW", a.Name, fmt.Sprintf("100.64.%d.1/30", i))
	n.linkUp(cloud, "far", fmt.Sprintf("100.64.%d.2/30", i))
}

func (n *labNet) linkUp(ns, name string, addrs ...string) {
	h := n.nl[ns]
	l, err := h.LinkByName(name)
	n.must(err)
	for _, s := range addrs {
		p := netip.MustParsePrefix(s)
		addr := &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}}
		if p.Addr().Is6() {
			addr.Flags = unix.IFA_F_NODAD
		}
		n.must(h.AddrAdd(l, addr))
	}
	n.must(h.LinkSetUp(l))
}

func (n *labNet) route(ns, prefix, gw, dev string) {
	p := netip.MustParsePrefix(prefix)
	r := &netlink.Route{Dst: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}}
	if gw != "" {
		r.Gw = net.ParseIP(gw)
	}
	if dev != "" {
		l, err := n.nl[ns].LinkByName(dev)
		n.must(err)
		r.LinkIndex = l.Attrs().Index
	}
	n.must(n.nl[ns].RouteAdd(r))
}

// cloud starts the far end of a tunnel: wireguard-go, addresses, an echo that
// says its name and a sink that counts.
func (n *labNet) cloud(i int, wireguard string, key, gateway wgtypes.Key, gatewayPort int) *sink {
	ns, dev := fmt.Sprintf("CLOUD%d", i), fmt.Sprintf("far%d", i)
	cmd := exec.Command(wireguard, "-f", dev)
	n.must(n.in(ns, cmd.Start))
	n.root.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	sock := "/var/run/wireguard/" + dev + ".sock"
	eventually(n.t, 10*time.Second, "far wireguard-go", func() error {
		conn, err := net.Dial("unix", sock)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	c, err := wgctrl.New()
	n.must(err)
	defer c.Close()
	port := 51820
	keep := time.Second
	_, all4, _ := net.ParseCIDR("0.0.0.0/0")
	_, all6, _ := net.ParseCIDR("::/0")
	n.must(c.ConfigureDevice(dev, wgtypes.Config{PrivateKey: &key, ListenPort: &port, Peers: []wgtypes.PeerConfig{{
		PublicKey: gateway, AllowedIPs: []net.IPNet{*all4, *all6}, PersistentKeepaliveInterval: &keep,
		Endpoint: &net.UDPAddr{IP: net.ParseIP(fmt.Sprintf("100.64.%d.1", i)), Port: gatewayPort},
	}}}))
	l, err := n.nl[ns].LinkByName(dev)
	n.must(err)
	n.must(n.nl[ns].LinkSetMTU(l, 1400))
	n.linkUp(ns, dev)
	n.linkUp(ns, "lo", cloudAddr4+"/32", cloudAddr6+"/128")
	n.route(ns, "192.168.9.0/30", "", dev)
	n.route(ns, "fd00:9::/64", "", dev)
	return n.serve(ns)
}

// sink counts what arrives.
type sink struct{ bytes chan int }

func (n *labNet) serve(ns string) *sink {
	s := &sink{bytes: make(chan int, 16)}
	var echo net.PacketConn
	var tcp net.Listener
	n.must(n.in(ns, func() (err error) {
		if echo, err = net.ListenPacket("udp", fmt.Sprintf(":%d", echoPort)); err != nil {
			return err
		}
		tcp, err = net.Listen("tcp", fmt.Sprintf(":%d", sinkPort))
		return err
	}))
	n.root.Cleanup(func() { _ = echo.Close(); _ = tcp.Close() })
	go func() {
		b := make([]byte, 2000)
		for {
			k, from, err := echo.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = echo.WriteTo(append(append([]byte{}, b[:min(k, 8)]...), ns...), from)
		}
	}()
	go func() {
		for {
			c, err := tcp.Accept()
			if err != nil {
				return
			}
			total, b := 0, make([]byte, 65536)
			for err == nil {
				var k int
				k, err = c.Read(b)
				total += k
			}
			_ = c.Close()
			s.bytes <- total
		}
	}()
	return s
}

// who asks the cloud's address from a site which cloud answers.
func (n *labNet) who(site, target string) (string, error) {
	var c net.Conn
	if err := n.in(site, func() (err error) {
		c, err = net.Dial("udp", net.JoinHostPort(target, fmt.Sprint(echoPort)))
		return err
	}); err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Second))
	if _, err := c.Write(make([]byte, 8)); err != nil {
		return "", err
	}
	b := make([]byte, 64)
	k, err := c.Read(b)
	if err != nil {
		return "", err
	}
	return string(b[8:k]), nil
}

// pinger sends 50 packets a second until stopped.
type pinger struct {
	cancel context.CancelFunc
	done   chan struct{}
	sent   int
	got    map[uint64]bool
}

func (n *labNet) ping(site string) *pinger {
	var c net.Conn
	n.must(n.in(site, func() (err error) {
		c, err = net.Dial("udp", net.JoinHostPort(cloudAddr4, fmt.Sprint(echoPort)))
		return err
	}))
	ctx, cancel := context.WithCancel(context.Background())
	p := &pinger{cancel: cancel, done: make(chan struct{}), got: map[uint64]bool{}}
	read := make(chan struct{})
	go func() {
		defer close(read)
		b := make([]byte, 64)
		for {
			k, err := c.Read(b)
			if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
			if err == nil && k >= 8 {
				p.got[binary.BigEndian.Uint64(b)] = true
			}
		}
	}()
	go func() {
		defer close(p.done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			<-tick.C
			p.sent++
			_, _ = c.Write(binary.BigEndian.AppendUint64(nil, uint64(p.sent)))
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		<-read
		_ = c.Close()
	}()
	return p
}

func (p *pinger) stop() (sent, lost int) {
	p.cancel()
	<-p.done
	return p.sent, p.sent - len(p.got)
}

// rate sends TCP for a while and returns what arrived, in kbit/s.
func (n *labNet) rate(site string, s *sink, d time.Duration) int {
	var c net.Conn
	n.must(n.in(site, func() (err error) {
		c, err = net.DialTimeout("tcp", net.JoinHostPort(cloudAddr4, fmt.Sprint(sinkPort)), 5*time.Second)
		return err
	}))
	start := time.Now()
	_ = c.SetWriteDeadline(start.Add(d))
	b := make([]byte, 16384)
	for {
		if _, err := c.Write(b); err != nil {
			break
		}
	}
	_ = c.Close()
	total := <-s.bytes
	return int(float64(total) * 8 / 1000 / time.Since(start).Seconds())
}

// eventually waits for f to be content.
func eventually(t *testing.T, limit time.Duration, what string, f func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatalf("%s: not within %s: %v", what, limit, err)
}
