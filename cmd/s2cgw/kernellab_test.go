// SPDX-License-Identifier: Apache-2.0

//go:build kernellab

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/vishvananda/netlink"
	"golang.zx2c4.com/wireguard/wgctrl"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/southbound"
)

// TestKernelLab is the whole agent on a real kernel with VRF. It needs root
// and S2CGW_WIREGUARD, the path of wireguard-go for the far ends.
func TestKernelLab(t *testing.T) {
	wireguard := os.Getenv("S2CGW_WIREGUARD")
	if wireguard == "" {
		t.Fatal("S2CGW_WIREGUARD is not set")
	}
	l := &lab{labNet: newLabNet(t), agent: newAgentProc(t, wireguard), wireguard: wireguard}
	for _, step := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"two customers with the same addresses", l.deliver},
		{"probes from inside the VRF", l.probes},
		{"kill -9 under traffic loses nothing", l.killAgent},
		{"shaped to 5 Mbit/s", l.shape},
		{"unconfirmed commit is undone, also across kill -9", l.rollback},
		{"an old fence is refused", l.fenced},
		{"wireguard-go dies and comes back", l.killChild},
		{"wireguard-go hangs and is replaced", l.hungChild},
		{"a broken customer holds up no other", l.brokenOther},
		{"a refused object leaves nothing", l.refused},
		{"all removed", l.removeAll},
	} {
		start := time.Now()
		ok := t.Run(step.name, func(t *testing.T) { l.t, l.agent.t = t, t; step.run(t) })
		l.t, l.agent.t = t, t
		t.Logf("%-55s %6.1fs", step.name, time.Since(start).Seconds())
		if !ok {
			t.FailNow()
		}
	}
}

// lab is the state the steps share.
type lab struct {
	*labNet
	agent     *agentProc
	wireguard string
	keys      [2]wgtypes.Key
	sinks     [2]*sink
	want      southbound.DeviceConfig
	slots     []southbound.TunnelSlot
}

func (l *lab) deliver(t *testing.T) {
	l.agent.start()
	l.slots = l.agent.observe().Slots
	for i := 1; i <= 2; i++ {
		l.keys[i-1], _ = wgtypes.GeneratePrivateKey()
		l.want.VRFs = append(l.want.VRFs, customer(i, l.keys[i-1].PublicKey().String()))
	}
	l.want.Normalize()
	start := time.Now()
	l.must(l.agent.set(l.want, "c1", time.Minute))
	t.Logf("set took %s", time.Since(start))
	l.must(l.agent.confirm("c1"))
	if got := l.agent.config(); !got.Equal(l.want) {
		t.Fatalf("read back %+v, want %+v", got, l.want)
	}
	for i := 1; i <= 2; i++ {
		pub, err := wgtypes.ParseKey(l.slots[i-1].PublicKey)
		l.must(err)
		l.sinks[i-1] = l.cloud(i, l.wireguard, l.keys[i-1], pub, int(l.slots[i-1].Port))
	}
	for i := 1; i <= 2; i++ {
		for _, target := range []string{cloudAddr4, cloudAddr6} {
			l.reaches(t, i, target)
		}
	}
}

// reaches wants the customer's own cloud to answer, not the other's.
func (l *lab) reaches(t *testing.T, i int, target string) {
	t.Helper()
	site, cloud := fmt.Sprintf("SITE%d", i), fmt.Sprintf("CLOUD%d", i)
	eventually(t, 15*time.Second, site+" to "+target, func() error {
		got, err := l.who(site, target)
		if err == nil && got != cloud {
			t.Fatalf("%s is answered by %s", site, got)
		}
		return err
	})
}

func (l *lab) probes(t *testing.T) {
	eventually(t, 15*time.Second, "probes", func() error {
		for _, p := range l.agent.observe().Probes {
			if p.Name == "big4" {
				if p.FullSent > 0 && p.FullReceived > 0 {
					t.Fatalf("a packet above the MTU came back: %+v", p)
				}
				if p.FullSent == 0 || p.Error == "" {
					return fmt.Errorf("%s: too big a packet is not reported: %+v", p.VRF, p)
				}
				continue
			}
			if p.Received < 5 || p.FullReceived < 1 || p.MeanRTTMicros == 0 {
				return fmt.Errorf("%s %s: %+v", p.VRF, p.Name, p)
			}
		}
		return nil
	})
	o := l.agent.observe()
	if len(o.Probes) != 8 || len(o.Tunnels) != 2 || len(o.Attachments) != 2 {
		t.Fatalf("state lacks something: %+v", o)
	}
	if o.Tunnels[0].LastHandshake.IsZero() || o.Tunnels[0].RxBytes == 0 || o.Attachments[0].InOctets == 0 {
		t.Fatalf("counters stand still: %+v", o)
	}
	t.Logf("red pe4 %+v", o.Probes[5])
	ns := l.agent.get([]*gpb.Path{{Elem: []*gpb.PathElem{{Name: "state"}, {Name: "agent"}}}}, gpb.GetRequest_STATE)
	t.Logf("agent %s", ns[0].GetUpdate()[0].GetVal().GetJsonIetfVal())
}

// fingerprint tells whether anything was made anew.
func (l *lab) fingerprint() string {
	var b strings.Builder
	links, err := l.nl["GW"].LinkList()
	l.must(err)
	for _, x := range links {
		fmt.Fprintf(&b, "%d %s %s %s\n", x.Attrs().Index, x.Attrs().Name, x.Type(), x.Attrs().Alias)
	}
	c, err := wgctrl.New()
	l.must(err)
	defer c.Close()
	for _, n := range []string{"wg1", "wg2"} {
		d, err := c.Device(n)
		l.must(err)
		fmt.Fprintln(&b, n, d.PublicKey, d.ListenPort, d.Peers[0].Endpoint) // peers may shake hands anew at any time
	}
	return b.String()
}

func (l *lab) killAgent(t *testing.T) {
	before := l.fingerprint()
	p := l.ping("SITE1")
	time.Sleep(500 * time.Millisecond)
	l.agent.kill(syscall.SIGKILL)
	time.Sleep(500 * time.Millisecond)
	l.reaches(t, 2, cloudAddr4) // forwards without the agent
	l.agent.start()
	time.Sleep(500 * time.Millisecond)
	sent, lost := p.stop()
	t.Logf("sent %d, lost %d", sent, lost)
	if lost != 0 || sent < 50 {
		t.Fatalf("sent %d, lost %d", sent, lost)
	}
	if after := l.fingerprint(); after != before {
		t.Fatalf("something was made anew:\n%s\n%s", before, after)
	}
	if got := l.agent.config(); !got.Equal(l.want) {
		t.Fatalf("configuration after restart: %+v", got)
	}
}

func (l *lab) shape(t *testing.T) {
	want := clone(l.want)
	i := vrfIndex(want, "red")
	want.VRFs[i].Tunnels[0].EgressKbps = 5000
	l.must(l.agent.set(want, "", 0))
	kbps := l.rate("SITE1", l.sinks[0], 6*time.Second)
	t.Logf("shaped: %d kbit/s", kbps)
	if kbps < 1200 || kbps > 5200 { // a busy machine carries less
		t.Fatalf("shaped to 5000 kbit/s, measured %d", kbps)
	}
	want.VRFs[i].Tunnels[0].EgressKbps = 0
	want.VRFs[i].Attachments[0].PoliceKbps = 5000
	l.must(l.agent.set(want, "", 0))
	kbps = l.rate("SITE1", l.sinks[0], 6*time.Second)
	t.Logf("policed: %d kbit/s", kbps)
	if kbps < 500 || kbps > 6000 {
		t.Fatalf("policed to 5000 kbit/s, measured %d", kbps)
	}
	l.must(l.agent.set(l.want, "", 0))
	if q, err := l.nl["GW"].QdiscList(l.link("trunk.100")); err != nil || len(q) > 1 {
		t.Fatalf("queueing is left: %v %v", q, err)
	}
}

func (l *lab) link(name string) netlink.Link {
	l.t.Helper()
	x, err := l.nl["GW"].LinkByName(name)
	l.must(err)
	return x
}

func (l *lab) rollback(t *testing.T) {
	half := southbound.DeviceConfig{VRFs: []southbound.VRF{l.want.VRFs[vrfIndex(l.want, "red")]}}
	p := l.ping("SITE1")
	l.must(l.agent.set(half, "gone", 3*time.Second))
	if err := l.agent.set(l.want, "", 0); status.Code(err) != codes.FailedPrecondition {
		t.Fatalf("a set beside a pending commit: %v", err)
	}
	if got, err := l.who("SITE2", cloudAddr4); err == nil {
		t.Fatalf("blue is removed and %s answers", got)
	}
	eventually(t, 10*time.Second, "rollback", func() error { return differs(l.agent.config(), l.want) })
	l.reaches(t, 2, cloudAddr4)
	l.must(l.agent.set(half, "gone2", time.Hour))
	l.agent.kill(syscall.SIGKILL)
	l.agent.start()
	l.must(differs(l.agent.config(), l.want))
	l.reaches(t, 2, cloudAddr4)
	if sent, lost := p.stop(); lost != 0 {
		t.Fatalf("red lost %d of %d while blue came and went", lost, sent)
	}
}

func differs(got, want southbound.DeviceConfig) error {
	if !got.Equal(want) {
		return fmt.Errorf("configuration is %+v", got)
	}
	return nil
}

func (l *lab) fenced(t *testing.T) {
	l.agent.fence = 7
	l.must(l.agent.set(l.want, "", 0))
	l.must(l.agent.send(&gpb.SetRequest{}))
	l.agent.fence = 6
	if err := l.agent.send(&gpb.SetRequest{}); status.Code(err) != codes.PermissionDenied {
		t.Fatalf("an old fence: %v", err)
	}
	l.agent.kill(syscall.SIGKILL)
	l.agent.start()
	if err := l.agent.send(&gpb.SetRequest{}); status.Code(err) != codes.PermissionDenied {
		t.Fatalf("an old fence after a restart: %v", err)
	}
	l.agent.fence = 7
}

func (l *lab) killChild(t *testing.T) {
	l.reaches(t, 1, cloudAddr4)
	pids := wireguardPIDs("wg1")
	if len(pids) != 1 {
		t.Fatalf("wireguard-go of wg1: %v", pids)
	}
	l.must(syscall.Kill(pids[0], syscall.SIGKILL))
	l.reaches(t, 1, cloudAddr4)
	eventually(t, 10*time.Second, "a new wireguard-go", func() error {
		if now := wireguardPIDs("wg1"); len(now) != 1 || now[0] == pids[0] {
			return fmt.Errorf("processes %v", now)
		}
		return nil
	})
	l.reaches(t, 1, cloudAddr4)
}

// wireguardPIDs finds processes by their exact command line.
func wireguardPIDs(dev string) []int {
	var out []int
	dirs, _ := os.ReadDir("/proc")
	for _, d := range dirs {
		var pid int
		if _, err := fmt.Sscanf(d.Name(), "%d", &pid); err != nil {
			continue
		}
		b, _ := os.ReadFile("/proc/" + d.Name() + "/cmdline")
		if strings.HasSuffix(string(b), "\x00-f\x00"+dev+"\x00") {
			out = append(out, pid)
		}
	}
	return out
}

func (l *lab) refused(t *testing.T) {
	before := l.fingerprint()
	want := clone(l.want)
	bad := customer(2, l.keys[1].PublicKey().String())
	bad.Name, bad.Tunnels, bad.Routes, bad.Probes = "green", nil, nil, nil
	bad.Attachments[0].Port, bad.Attachments[0].VLAN = "nowhere", 300
	want.VRFs = append(want.VRFs, bad)
	err := l.agent.set(want, "bad", time.Minute)
	if status.Code(err) != codes.Aborted || !strings.Contains(err.Error(), "vrf green attachment nowhere.300") {
		t.Fatalf("an attachment on a port that is not there: %v", err)
	}
	if after := l.fingerprint(); after != before {
		t.Fatalf("something is left:\n%s\n%s", before, after)
	}
	l.must(differs(l.agent.config(), l.want))
}

func (l *lab) removeAll(t *testing.T) {
	l.must(l.agent.set(southbound.DeviceConfig{}, "", 0))
	links, err := l.nl["GW"].LinkList()
	l.must(err)
	for _, x := range links {
		if strings.HasPrefix(x.Attrs().Alias, "s2cd:") || x.Type() == "vrf" || x.Type() == "tuntap" {
			t.Errorf("link %s is left", x.Attrs().Name)
		}
	}
	routes, err := l.nl["GW"].RouteListFiltered(netlink.FAMILY_ALL, &netlink.Route{Protocol: 212}, netlink.RT_FILTER_PROTOCOL|netlink.RT_FILTER_TABLE)
	l.must(err)
	if len(routes) > 0 {
		t.Errorf("routes are left: %v", routes)
	}
	if p := append(wireguardPIDs("wg1"), wireguardPIDs("wg2")...); len(p) > 0 {
		t.Errorf("wireguard-go is left: %v", p)
	}
	for i, s := range l.agent.observe().Slots {
		if used := i < 2; used == (s.PublicKey == l.slots[i].PublicKey) {
			t.Errorf("slot %d: key %s, before %s", s.Port, s.PublicKey, l.slots[i].PublicKey)
		}
	}
	l.agent.kill(syscall.SIGTERM)
	l.must(run(context.Background(), []string{"--config", l.agent.dir + "/s2cgw.yaml", "purge"}, os.Stderr, os.Stderr))
	rules, err := l.nl["GW"].RuleList(netlink.FAMILY_V4)
	l.must(err)
	for _, r := range rules {
		if r.Table == 255 && r.Priority > 0 {
			t.Errorf("the rule for local addresses is at %d", r.Priority)
		}
	}
}

func clone(c southbound.DeviceConfig) southbound.DeviceConfig {
	var out southbound.DeviceConfig
	for _, v := range c.VRFs {
		v.Attachments = append([]southbound.Attachment(nil), v.Attachments...)
		v.Tunnels = append([]southbound.Tunnel(nil), v.Tunnels...)
		out.VRFs = append(out.VRFs, v)
	}
	return out
}

func vrfIndex(c southbound.DeviceConfig, name string) int {
	for i := range c.VRFs {
		if c.VRFs[i].Name == name {
			return i
		}
	}
	return -1
}
