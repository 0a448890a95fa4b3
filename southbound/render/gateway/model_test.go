// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
	"github.com/openconfig/ygot/ytypes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/southbound"
	render "github.com/s2cd/s2cd/southbound/render/gateway"
	model "github.com/s2cd/s2cd/yang/gateway"
	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

func equate() cmp.Option {
	return cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, netip.AddrPort{})
}

// device is a gateway's tree that takes Sets as the agent does.
type device struct {
	root   *gwyang.Root
	schema *ytypes.Schema
}

func newDevice() *device {
	root := &gwyang.Root{}
	return &device{root: root, schema: model.Schema(root)}
}

type require interface{ Fatalf(string, ...any) }

func (d *device) set(t require, req *gpb.SetRequest) {
	if req == nil {
		return
	}
	if err := ytypes.UnmarshalSetRequest(d.schema, req); err != nil {
		t.Fatalf("set: %v", err)
	}
	ygot.PruneEmptyBranches(d.root)
	if err := d.root.Validate(); err != nil {
		t.Fatalf("validate: %v", err)
	}
}

// get returns the configuration as one JSON value or leaf by leaf.
func (d *device) get(t require, leaves bool) []*gpb.Notification {
	if d.root.Vrfs == nil {
		return []*gpb.Notification{{}}
	}
	if leaves {
		ns, err := ygot.TogNMINotifications(d.root, 1, ygot.GNMINotificationsConfig{UsePathElem: true})
		if err != nil {
			t.Fatalf("get: %v", err)
		}
		return ns
	}
	v, err := ygot.EncodeTypedValue(d.root.Vrfs, gpb.Encoding_JSON_IETF, &ygot.RFC7951JSONConfig{AppendModuleName: true})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return []*gpb.Notification{{
		Prefix: &gpb.Path{Target: "gw1", Origin: "s2cd-gateway"},
		Update: []*gpb.Update{{Path: &gpb.Path{Elem: []*gpb.PathElem{{Name: "vrfs"}}}, Val: v}},
	}}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := newDevice()
		var have southbound.DeviceConfig
		for step := range 3 {
			want := configs().Draw(t, fmt.Sprint("want", step))
			req, err := render.Model{}.Changes(have, want, 1)
			if err != nil {
				t.Fatalf("changes: %v", err)
			}
			if (req == nil) != have.Equal(want) {
				t.Fatalf("request %v, equal %v", req, have.Equal(want))
			}
			d.set(t, req)
			got, err := render.Model{}.ParseConfig(d.get(t, rapid.Bool().Draw(t, "leaves")))
			if err != nil {
				t.Fatalf("parse: %v", err)
			}
			if diff := cmp.Diff(want, got, equate()); diff != "" {
				t.Fatalf("-want +got:\n%s", diff)
			}
			have = got
		}
	})
}

// configs draws normalised configurations of two VRFs at most, from few
// values, so that steps share and differ.
func configs() *rapid.Generator[southbound.DeviceConfig] {
	return rapid.Custom(func(t *rapid.T) southbound.DeviceConfig {
		var c southbound.DeviceConfig
		for i, name := range []string{"red", "blue"} {
			if rapid.Bool().Draw(t, name) {
				c.VRFs = append(c.VRFs, drawVRF(t, name, i))
			}
		}
		c.Normalize()
		return c
	})
}

func drawVRF(t *rapid.T, name string, i int) southbound.VRF {
	pick := func(label string) bool { return rapid.Bool().Draw(t, label) }
	rate := rapid.SampledFrom([]uint64{0, 1, 5000, 32000000})
	v := southbound.VRF{Name: name, Mark: southbound.Mark{Epoch: rapid.Uint64().Draw(t, "epoch"), VPN: "v-" + name}}
	for vlan := range 3 {
		if !pick("attachment") {
			continue
		}
		a := southbound.Attachment{
			Port: "eth1", VLAN: uint16(100*i + vlan + 1), MTU: rapid.SampledFrom([]uint16{0, 1500, 9000}).Draw(t, "mtu"),
			PoliceKbps: rate.Draw(t, "police"), ShapeKbps: rate.Draw(t, "shape"),
			Description: rapid.StringMatching(`[ -~]{0,20}`).Draw(t, "description"),
		}
		for _, p := range []string{"192.0.2.1/30", "2001:db8::1/64"} {
			if pick("address") {
				a.Addresses = append(a.Addresses, netip.MustParsePrefix(p))
			}
		}
		v.Attachments = append(v.Attachments, a)
	}
	for n := range 2 {
		if pick("tunnel") {
			v.Tunnels = append(v.Tunnels, drawTunnel(t, fmt.Sprintf("wg%d-%d", i, n), uint16(50000+10*i+n)))
		}
	}
	for n, p := range []string{"10.0.0.0/8", "10.1.0.0/16", "2001:db8:1::/48", "0.0.0.0/0"} {
		r := southbound.StaticRoute{Prefix: netip.MustParsePrefix(p), NextHop: netip.MustParseAddr("192.0.2.2")}
		if len(v.Tunnels) > 0 && pick("via tunnel") {
			r.NextHop, r.Tunnel = netip.Addr{}, v.Tunnels[n%len(v.Tunnels)].Name
		}
		if pick("route") {
			v.Routes = append(v.Routes, r)
		}
	}
	if pick("probe") {
		v.Probes = append(v.Probes, southbound.Probe{
			Name: "p", Source: netip.MustParseAddr("192.0.2.1"), Target: netip.MustParseAddr("192.0.2.2"),
			IntervalMsec: rapid.Uint32Range(10, 60000).Draw(t, "interval"), FullSize: rapid.SampledFrom([]uint16{0, 1500}).Draw(t, "full"),
		})
	}
	return v
}

func drawTunnel(t *rapid.T, name string, port uint16) southbound.Tunnel {
	key := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key")
	tun := southbound.Tunnel{
		Name: name, ListenPort: port, MTU: 1400, ClampMSS: rapid.Bool().Draw(t, "clamp"),
		KeepaliveSecs: rapid.SampledFrom([]uint16{0, 25}).Draw(t, "keepalive"), EgressKbps: rapid.Uint64Range(0, 100).Draw(t, "egress"),
		Peer: southbound.Peer{
			PublicKey:  base64.StdEncoding.EncodeToString(key),
			AllowedIPs: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")},
		},
	}
	if rapid.Bool().Draw(t, "endpoint") {
		tun.Peer.Endpoint = netip.MustParseAddrPort(rapid.SampledFrom([]string{"198.51.100.1:51820", "[2001:db8::9]:1"}).Draw(t, "to"))
	}
	return tun
}

func TestOnlyWhatDiffersIsWritten(t *testing.T) {
	t.Parallel()
	have := southbound.DeviceConfig{VRFs: []southbound.VRF{{
		Name: "red", Mark: southbound.Mark{Epoch: 1, VPN: "v"},
		Attachments: []southbound.Attachment{{Port: "eth1", VLAN: 1}, {Port: "eth1", VLAN: 2}},
	}}}
	want := southbound.DeviceConfig{VRFs: []southbound.VRF{{
		Name: "red", Mark: southbound.Mark{Epoch: 1, VPN: "v"},
		Attachments: []southbound.Attachment{{Port: "eth1", VLAN: 1, MTU: 1500}, {Port: "eth1", VLAN: 3}},
	}}}
	req, err := render.Model{}.Changes(have, want, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(req.GetDelete()) != 1 || len(req.GetReplace()) != 2 || len(req.GetUpdate()) != 0 {
		t.Errorf("request %s", protojson.Format(req))
	}
	if req, err := (render.Model{}).Changes(want, want, 1); req != nil || err != nil {
		t.Errorf("no difference: %v, %v", req, err)
	}
}

func TestWhatAGatewayCannotHold(t *testing.T) {
	t.Parallel()
	both := southbound.StaticRoute{
		Prefix: netip.MustParsePrefix("10.0.0.0/8"), NextHop: netip.MustParseAddr("192.0.2.1"), Tunnel: "wg1",
	}
	for name, v := range map[string]southbound.VRF{
		"rd":           {Name: "red", RD: "65000:1"},
		"route target": {Name: "red", ImportRTs: []string{"65000:1"}},
		"bgp":          {Name: "red", Neighbors: []southbound.BGPNeighbor{{PeerAS: 65001}}},
		"two ways":     {Name: "red", Routes: []southbound.StaticRoute{both}},
	} {
		_, err := render.Model{}.Changes(southbound.DeviceConfig{}, southbound.DeviceConfig{VRFs: []southbound.VRF{v}}, 1)
		var op *southbound.OpError
		if !errors.As(err, &op) || op.Kind != southbound.Unsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(`{"s2cd-gateway:vrf":[{"name":"red","routes":{"route":[{"prefix":"10.0.0.0/8","tunnel":"x"}]}}]}`), "vrfs")
	f.Add([]byte(`{"vrf":[{"name":"red","tunnels":{"tunnel":[{"name":"w","peer":{"public-key":"x","allowed-ip":["::/0"]}}]}}]}`), "vrfs")
	f.Add([]byte(`{"vrf":[{"name":"red","probes":{"probe":[{"name":"p","source":"1.1.1.1"}]}}]}`), "vrfs")
	f.Add([]byte(`{"s2cd-gateway:vrfs":{}}`), "")
	f.Fuzz(func(_ *testing.T, js []byte, at string) {
		_, _ = render.Model{}.ParseConfig(notification(js, at))
	})
}

func FuzzParseState(f *testing.F) {
	f.Add([]byte(`{"s2cd-gateway:probes":{"probe":[{"vrf":"red","name":"p","sent":"12","last-reply":"2026-01-01T00:00:00Z"}]}}`), "state")
	f.Add([]byte(`{"tunnels":{"tunnel":[{"name":"w","last-handshake":"never","engine":"kernel"}]}}`), "state")
	f.Add([]byte(`{"slots":{"slot":[{"port":1,"public-key":"x","new":1}]},"unknown":{}}`), "state")
	f.Fuzz(func(_ *testing.T, js []byte, at string) {
		_, _ = render.Model{}.ParseState(notification(js, at), time.Time{})
	})
}

// notification is one update at a path of one element, and what comes of its
// bytes taken for a whole notification.
func notification(js []byte, at string) []*gpb.Notification {
	p := &gpb.Path{}
	if at != "" {
		p.Elem = []*gpb.PathElem{{Name: at}}
	}
	out := []*gpb.Notification{{Update: []*gpb.Update{{
		Path: p, Val: &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: js}},
	}}}}
	var n gpb.Notification
	if proto.Unmarshal(js, &n) == nil {
		out = append(out, &n)
	}
	return out
}
