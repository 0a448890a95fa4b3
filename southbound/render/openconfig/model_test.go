// SPDX-License-Identifier: Apache-2.0

package openconfig_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
	"github.com/openconfig/ygot/ytypes"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/drivertest"
	"github.com/s2cd/s2cd/southbound/render/openconfig"
	"github.com/s2cd/s2cd/yang/oc"
)

func newModel(tb testing.TB, p openconfig.Platform) *openconfig.Model {
	tb.Helper()
	m, err := openconfig.New(openconfig.Config{AS: 65000, Platform: p, Secret: func(ref string) (string, error) {
		if ref == "vault:missing" {
			return "", errors.New("no such secret")
		}
		return "key of " + ref, nil
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func everything() openconfig.Platform {
	return openconfig.Platform{Name: "test", QoS: true, VPNv6: true, PortEntry: true, Tables: true, ReadsSecrets: true}
}

// tree is a device that holds only the schema's tree.
type tree struct {
	t interface {
		Helper()
		Fatalf(format string, args ...any)
	}
	schema *ytypes.Schema
}

func newTree(t interface {
	Helper()
	Fatalf(format string, args ...any)
},
) *tree {
	t.Helper()
	return &tree{t: t, schema: &ytypes.Schema{Root: &oc.Device{}, SchemaTree: oc.SchemaTree, Unmarshal: oc.Unmarshal}}
}

func (tr *tree) set(req *gpb.SetRequest) {
	tr.t.Helper()
	if err := ytypes.UnmarshalSetRequest(tr.schema, req); err != nil {
		tr.t.Fatalf("set %v: %v", req, err)
	}
	dev, ok := tr.schema.Root.(*oc.Device)
	if !ok {
		tr.t.Fatalf("root is %T", tr.schema.Root)
	}
	ygot.PruneEmptyBranches(dev)
	if err := dev.Validate(&ytypes.LeafrefOptions{}); err != nil {
		tr.t.Fatalf("tree is not valid: %v", err)
	}
}

// get answers as a server does that sends the whole tree as one value.
func (tr *tree) get() []*gpb.Notification {
	tr.t.Helper()
	dev, ok := tr.schema.Root.(*oc.Device)
	if !ok {
		tr.t.Fatalf("root is %T", tr.schema.Root)
	}
	body, err := ygot.Marshal7951(dev, &ygot.RFC7951JSONConfig{AppendModuleName: true})
	if err != nil {
		tr.t.Fatalf("marshal: %v", err)
	}
	return []*gpb.Notification{{Update: []*gpb.Update{{
		Path: &gpb.Path{}, Val: &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: body}},
	}}}}
}

// leaves answers as a server does that sends every leaf alone.
func (tr *tree) leaves() []*gpb.Notification {
	tr.t.Helper()
	n, err := ygot.TogNMINotifications(tr.schema.Root, 1, ygot.GNMINotificationsConfig{UsePathElem: true})
	if err != nil {
		tr.t.Fatalf("notifications: %v", err)
	}
	return n
}

func TestPropertyReadsBackWhatItRenders(t *testing.T) {
	t.Parallel()
	m := newModel(t, everything())
	rapid.Check(t, func(t *rapid.T) {
		want := configs().Draw(t, "want")
		tr := newTree(t)
		req, err := m.Changes(southbound.DeviceConfig{}, want, epoch)
		if err != nil {
			t.Fatalf("changes: %v", err)
		}
		tr.set(req)
		for name, answer := range map[string][]*gpb.Notification{"tree": tr.get(), "leaves": tr.leaves()} {
			got, err := m.ParseConfig(answer)
			if err != nil {
				t.Fatalf("parse %s: %v", name, err)
			}
			if diff := cmp.Diff(want, got, drivertest.Comparers()); diff != "" {
				t.Fatalf("%s: (-want +got)\n%s", name, diff)
			}
		}
	})
}

func TestPropertyChangesLeadFromHaveToWant(t *testing.T) {
	t.Parallel()
	m := newModel(t, everything())
	rapid.Check(t, func(t *rapid.T) {
		have, want := configs().Draw(t, "have"), configs().Draw(t, "want")
		changed, fresh := newTree(t), newTree(t)
		for _, step := range []struct {
			tr         *tree
			have, want southbound.DeviceConfig
		}{{changed, southbound.DeviceConfig{}, have}, {changed, have, want}, {fresh, southbound.DeviceConfig{}, want}} {
			req, err := m.Changes(step.have, step.want, epoch)
			if err != nil {
				t.Fatalf("changes: %v", err)
			}
			step.tr.set(req)
		}
		dropEmptyPorts(changed.schema.Root)
		if diff := cmp.Diff(fresh.schema.Root, changed.schema.Root, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("tree (-fresh +changed)\n%s", diff)
		}
		again, err := m.Changes(want, want, epoch)
		if err != nil || len(again.GetDelete())+len(again.GetReplace())+len(again.GetUpdate()) != 0 {
			t.Fatalf("no difference gives %v, %v", again, err)
		}
	})
}

// dropEmptyPorts removes ports, which s2cd never does itself.
func dropEmptyPorts(root ygot.GoStruct) {
	dev, ok := root.(*oc.Device)
	if !ok {
		return
	}
	for name, port := range dev.Interface {
		if len(port.Subinterface) == 0 {
			delete(dev.Interface, name)
		}
	}
}

func TestEpochMarksEverything(t *testing.T) {
	t.Parallel()
	m := newModel(t, everything())
	tr := newTree(t)
	want := sample()
	for _, e := range []uint64{7, 8} {
		have := southbound.DeviceConfig{}
		if e == 8 {
			have = want
		}
		req, err := m.Changes(have, want, e)
		if err != nil {
			t.Fatal(err)
		}
		tr.set(req)
		got, err := m.ParseConfig(tr.get())
		if err != nil {
			t.Fatal(err)
		}
		for i := range want.VRFs {
			want.VRFs[i].Mark.Epoch = e
		}
		if diff := cmp.Diff(want, got, drivertest.Comparers()); diff != "" {
			t.Errorf("epoch %d (-want +got)\n%s", e, diff)
		}
	}
}

func TestMinimalChange(t *testing.T) {
	t.Parallel()
	m := newModel(t, everything())
	for name, tc := range map[string]struct {
		edit func(*southbound.VRF)
		want []string // paths written
	}{
		"route added": {func(v *southbound.VRF) {
			v.Routes = append(v.Routes, southbound.StaticRoute{
				Prefix: netip.MustParsePrefix("10.9.0.0/16"), NextHop: netip.MustParseAddr("192.0.2.2"),
			})
		}, []string{"replace /network-instances/network-instance[name=cust1]/protocols/protocol[identifier=STATIC][name=static]/static-routes/static[prefix=10.9.0.0/16]"}},
		"route gone": {func(v *southbound.VRF) { v.Routes = v.Routes[:1] }, []string{
			"delete /network-instances/network-instance[name=cust1]/protocols/protocol[identifier=STATIC][name=static]/static-routes/static[prefix=10.2.0.0/16]",
		}},
		"neighbor's limit": {func(v *southbound.VRF) { v.Neighbors[0].MaxPrefixes = 7 }, []string{
			"replace /network-instances/network-instance[name=cust1]/protocols/protocol[identifier=BGP][name=bgp]/bgp/neighbors/neighbor[neighbor-address=192.0.2.2]",
		}},
		"import target": {func(v *southbound.VRF) { v.ImportRTs = []string{"65000:5"} }, []string{
			"replace /network-instances/network-instance[name=cust1]/inter-instance-policies/import-export-policy/config/import-route-target",
		}},
		"distinguisher": {func(v *southbound.VRF) { v.RD = "65000:99" }, []string{
			"replace /network-instances/network-instance[name=cust1]/config/route-distinguisher",
		}},
		"mtu": {func(v *southbound.VRF) { v.Attachments[0].MTU = 1400 }, []string{
			"replace /interfaces/interface[name=eth1]/subinterfaces/subinterface[index=101]",
		}},
		"rate": {func(v *southbound.VRF) { v.Attachments[0].ShapeKbps = 9000 }, []string{
			"replace /qos/scheduler-policies/scheduler-policy[name=s2cd-eth1.101-out]",
		}},
		"second attachment on the port": {func(v *southbound.VRF) {
			v.Attachments = append(v.Attachments, southbound.Attachment{
				Port: "eth1", VLAN: 102, MTU: 1500, Addresses: []netip.Prefix{netip.MustParsePrefix("198.51.100.1/30")},
			})
		}, []string{
			"replace /interfaces/interface[name=eth1]/subinterfaces/subinterface[index=102]",
			"replace /network-instances/network-instance[name=cust1]/interfaces/interface[id=eth1.102]",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			have, want := sample(), sample()
			tc.edit(&want.VRFs[0])
			want.Normalize()
			req, err := m.Changes(have, want, epoch)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, written(t, req)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func written(tb testing.TB, req *gpb.SetRequest) []string {
	tb.Helper()
	var out []string
	add := func(verb string, p *gpb.Path) {
		s, err := ygot.PathToString(p)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, verb+" "+s)
	}
	for _, p := range req.GetDelete() {
		add("delete", p)
	}
	for _, u := range req.GetReplace() {
		add("replace", u.GetPath())
	}
	for _, u := range req.GetUpdate() {
		add("update", u.GetPath())
	}
	return out
}

func sample() southbound.DeviceConfig {
	c := southbound.DeviceConfig{VRFs: []southbound.VRF{{
		Name: "cust1", Mark: southbound.Mark{Epoch: epoch, VPN: "vpn-1"}, RD: "65000:11",
		ImportRTs: []string{"65000:1001"}, ExportRTs: []string{"65000:1001"},
		Attachments: []southbound.Attachment{{
			Port: "eth1", VLAN: 101, MTU: 1500, PoliceKbps: 5000, ShapeKbps: 5000, Description: "site one",
			Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("2001:db8:1::1/64")},
		}},
		Routes: []southbound.StaticRoute{
			{Prefix: netip.MustParsePrefix("10.1.0.0/16"), NextHop: netip.MustParseAddr("192.0.2.2")},
			{Prefix: netip.MustParsePrefix("10.2.0.0/16"), NextHop: netip.MustParseAddr("192.0.2.2")},
		},
		Neighbors: []southbound.BGPNeighbor{{
			Address: netip.MustParseAddr("192.0.2.2"), LocalAS: 65000, PeerAS: 64513, MaxPrefixes: 100, Secret: "vault:a",
		}},
	}}}
	c.Normalize()
	return c
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	plain := openconfig.Platform{Name: "plain", Tables: true}
	for name, tc := range map[string]struct {
		platform openconfig.Platform
		edit     func(*southbound.VRF)
		kind     southbound.Kind // 0: any other error, which the driver calls Refused
	}{
		"tunnel":             {everything(), func(v *southbound.VRF) { v.Tunnels = []southbound.Tunnel{{Name: "wg0"}} }, southbound.Unsupported},
		"probe":              {everything(), func(v *southbound.VRF) { v.Probes = []southbound.Probe{{Name: "p"}} }, southbound.Unsupported},
		"route to a tunnel":  {everything(), func(v *southbound.VRF) { v.Routes[0].Tunnel = "wg0" }, southbound.Unsupported},
		"rate without qos":   {plain, func(*southbound.VRF) {}, southbound.Unsupported},
		"IPv6 without VPNv6": {plain, sixth, southbound.Unsupported},
		"long name":          {everything(), func(v *southbound.VRF) { v.Name = "a-name-of-16-byt" }, 0},
		"no mark":            {everything(), func(v *southbound.VRF) { v.Mark.VPN = "" }, 0},
		"bad distinguisher":  {everything(), func(v *southbound.VRF) { v.RD = "sixtyfive:1" }, 0},
		"bad target":         {everything(), func(v *southbound.VRF) { v.ImportRTs = []string{"x"} }, 0},
		"small MTU":          {everything(), func(v *southbound.VRF) { v.Attachments[0].MTU = 1279 }, 0},
		"VLAN 0":             {everything(), func(v *southbound.VRF) { v.Attachments[0].VLAN = 0 }, 0},
		"attachment twice":   {everything(), func(v *southbound.VRF) { v.Attachments = append(v.Attachments, v.Attachments[0]) }, 0},
		"line break":         {everything(), func(v *southbound.VRF) { v.Attachments[0].Description = "a\nb" }, 0},
		"no AS":              {everything(), func(v *southbound.VRF) { v.Neighbors[0].PeerAS = 0 }, 0},
		"no such secret":     {everything(), func(v *southbound.VRF) { v.Neighbors[0].Secret = "vault:missing" }, southbound.NoKey},
		"host bits":          {everything(), func(v *southbound.VRF) { v.Routes[0].Prefix = netip.MustParsePrefix("10.1.0.1/16") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := sample()
			tc.edit(&want.VRFs[0])
			req, err := newModel(t, tc.platform).Changes(southbound.DeviceConfig{}, want, epoch)
			if err == nil {
				t.Fatalf("accepted: %v", req)
			}
			var oe *southbound.OpError
			if got := errors.As(err, &oe); got != (tc.kind != 0) || got && oe.Kind != tc.kind {
				t.Errorf("error %v", err)
			}
		})
	}
}

func sixth(v *southbound.VRF) {
	v.Attachments[0].PoliceKbps, v.Attachments[0].ShapeKbps = 0, 0
	v.Routes[0] = southbound.StaticRoute{
		Prefix: netip.MustParsePrefix("2001:db8:9::/48"), NextHop: netip.MustParseAddr("2001:db8:1::2"),
	}
}

func TestParseState(t *testing.T) {
	t.Parallel()
	m := newModel(t, everything())
	body := `{"in-octets":"18446744073709551615","out-octets":"7"}`
	now := time.Unix(100, 0)
	got, err := m.ParseState([]*gpb.Notification{{Update: []*gpb.Update{{
		Path: &gpb.Path{Elem: []*gpb.PathElem{
			{Name: "interfaces"},
			{Name: "interface", Key: map[string]string{"name": "eth1"}},
			{Name: "subinterfaces"},
			{Name: "subinterface", Key: map[string]string{"index": "101"}},
			{Name: "state"},
			{Name: "counters"},
		}},
		Val: &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: []byte(body)}},
	}}}}, now)
	if err != nil {
		t.Fatal(err)
	}
	want := southbound.Observation{At: now, Attachments: []southbound.AttachmentState{
		{Port: "eth1", VLAN: 101, InOctets: 1<<64 - 1, OutOctets: 7},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
