// SPDX-License-Identifier: Apache-2.0

package openconfig_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/drivertest"
)

func answer(body string) []*gpb.Notification {
	return []*gpb.Notification{{Update: []*gpb.Update{{
		Path: &gpb.Path{}, Val: &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: []byte(body)}},
	}}}}
}

// rendered is the tree of sample as a device shows it.
func rendered(tb testing.TB) string {
	tb.Helper()
	tr := newTree(tb)
	req, err := newModel(tb, everything()).Changes(southbound.DeviceConfig{}, sample(), epoch)
	if err != nil {
		tb.Fatal(err)
	}
	tr.set(req)
	return string(tr.get()[0].GetUpdate()[0].GetVal().GetJsonIetfVal())
}

// What somebody changed on the device by hand reads as a difference.
func TestDriftIsSeen(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		from, to string
		edit     func(*southbound.VRF)
	}{
		"other tag":       {`"vlan-id":101`, `"vlan-id":103`, func(v *southbound.VRF) { v.Attachments[0].MTU = 0 }},
		"shut":            {`"description":"s2cd:7:vpn-1 site one","enabled":true`, `"description":"s2cd:7:vpn-1 site one","enabled":false`, func(v *southbound.VRF) { v.Attachments[0].MTU = 0 }},
		"two MTUs":        {`"config":{"enabled":true,"mtu":1500}},"openconfig-if-ip:ipv6"`, `"config":{"enabled":true,"mtu":1400}},"openconfig-if-ip:ipv6"`, func(v *southbound.VRF) { v.Attachments[0].MTU = 0 }},
		"other rate":      {`"cir":"5000000","queuing-behavior":"POLICE"`, `"cir":"5000001","queuing-behavior":"POLICE"`, func(v *southbound.VRF) { v.Attachments[0].PoliceKbps = 5001 }},
		"other key":       {`"auth-password":"key of vault:a"`, `"auth-password":"x"`, func(v *southbound.VRF) { v.Neighbors[0].Secret = "?" }},
		"neighbor shut":   {`"enabled":true,"neighbor-address"`, `"enabled":false,"neighbor-address"`, func(v *southbound.VRF) { v.Neighbors[0].PeerAS = 0 }},
		"other epoch":     {`s2cd:7:vpn-1 site one`, `s2cd:6:vpn-1 site one`, func(v *southbound.VRF) { v.Attachments[0].MTU = 0 }},
		"mark taken away": {`s2cd:7:vpn-1 site one`, `mine`, func(v *southbound.VRF) { v.Attachments = nil }},
		"not in the model": {
			`"route-distinguisher"`, `"vendor:odd":{"x":[1,2]},"route-distinguisher"`, func(*southbound.VRF) {},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := rendered(t)
			if strings.Count(body, tc.from) != 1 {
				t.Fatalf("%d places of %s in %s", strings.Count(body, tc.from), tc.from, body)
			}
			got, err := newModel(t, everything()).ParseConfig(answer(strings.Replace(body, tc.from, tc.to, 1)))
			if err != nil {
				t.Fatal(err)
			}
			want := sample()
			tc.edit(&want.VRFs[0])
			if diff := cmp.Diff(want, got, drivertest.Comparers()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A marked subinterface without its VRF is found and removed.
func TestLeftoverIsRemoved(t *testing.T) {
	t.Parallel()
	m := newModel(t, everything())
	body := `{"openconfig-interfaces:interfaces":{"interface":[{"name":"eth1","subinterfaces":{"subinterface":[
		{"index":101,"config":{"index":101,"description":"s2cd:7:vpn-1"}},
		{"index":102,"config":{"index":102,"description":"theirs"}}]}}]}}`
	have, err := m.ParseConfig(answer(body))
	if err != nil {
		t.Fatal(err)
	}
	req, err := m.Changes(have, southbound.DeviceConfig{}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"delete /interfaces/interface[name=eth1]/subinterfaces/subinterface[index=101]"}
	if diff := cmp.Diff(want, written(t, req)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestUnmarkedIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"interfaces":{"interface":[{"name":"eth1","subinterfaces":{"subinterface":[{"index":101,"config":{"index":101}}]}}]}}`,
		`{"network-instances":{"network-instance":[{"name":"cust1","config":{"name":"cust1","description":"s2cdx:7:vpn-1"}}]}}`,
		`{"network-instances":{"network-instance":[{"name":"cust1","config":{"name":"cust1","description":"s2cd:8:vpn-1"}}]}}`,
	} {
		m := newModel(t, everything())
		got, err := m.ParseConfig(answer(body))
		if err != nil {
			t.Fatal(err)
		}
		// Objects of a newer epoch are quarantined: kept out of have.
		got.VRFs = slices.DeleteFunc(got.VRFs, func(v southbound.VRF) bool { return v.Mark.Epoch > epoch })
		if len(got.VRFs) != 0 {
			t.Fatalf("parsed %v", got)
		}
		if req, err := m.Changes(got, sample(), epoch); err == nil {
			t.Errorf("%s: would be written over by %v", body, req)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(rendered(f)))
	f.Add([]byte(`{"network-instances":{"network-instance":[{"name":"x","config":{"description":"s2cd:1:v"},"protocols":{"protocol":[{"identifier":"STATIC","name":"static","static-routes":{"static":[{"prefix":"::/0"}]}}]}}]}}`))
	f.Add([]byte(`{"qos":{"interfaces":{"interface":[{"interface-id":"eth1.5"}]}}}`))
	m := newModel(f, everything())
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := m.ParseConfig(answer(string(body)))
		if err != nil {
			return
		}
		// What was read can always be taken away.
		req, err := m.Changes(c, southbound.DeviceConfig{}, epoch)
		if err != nil {
			t.Fatalf("delete of %+v: %v", c, err)
		}
		if len(req.GetReplace())+len(req.GetUpdate()) != 0 {
			t.Fatalf("delete of %+v writes %v", c, req)
		}
	})
}

func FuzzParseState(f *testing.F) {
	f.Add([]byte(`{"interfaces":{"interface":[{"name":"a","subinterfaces":{"subinterface":[{"index":7,"state":{"counters":{"in-octets":"1"}}}]}}]}}`))
	m := newModel(f, everything())
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := m.ParseState(answer(string(body)), time.Unix(0, 0))
		for _, a := range o.Attachments {
			if err == nil && (a.Port == "" || a.VLAN == 0 || a.VLAN > 4094) {
				t.Fatalf("attachment %+v", a)
			}
		}
	})
}

// many is n VRFs as sample's, with names and VLANs of their own.
func many(n int) southbound.DeviceConfig {
	var c southbound.DeviceConfig
	for i := range n {
		v := sample().VRFs[0]
		v.Name, v.RD = fmt.Sprintf("v%d", i), fmt.Sprintf("65000:%d", i)
		v.Attachments[0].VLAN = uint16(i + 1)
		c.VRFs = append(c.VRFs, v)
	}
	c.Normalize()
	return c
}

func BenchmarkChanges(b *testing.B) {
	m := newModel(b, everything())
	for _, n := range []int{1, 10, 200} {
		all := many(n)
		changed := many(n)
		changed.VRFs[0].Attachments[0].MTU = 1400
		for name, pair := range map[string][2]southbound.DeviceConfig{
			"create": {{}, all}, "one": {all, changed}, "none": {all, all},
		} {
			b.Run(fmt.Sprintf("%s/vrfs=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := m.Changes(pair[0], pair[1], epoch); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkParseConfig reads what a device has for the first time, and again
// with one VRF changed and with none.
func BenchmarkParseConfig(b *testing.B) {
	for _, n := range []int{1, 10, 200} {
		changed := many(n)
		changed.VRFs[0].Attachments[0].MTU, changed.VRFs[0].Routes = 1400, nil
		a, c := shown(b, many(n)), shown(b, changed)
		for name, answers := range map[string][]*gpb.Notification{"one": {a, c}, "none": {a, a}, "first": {a}} {
			b.Run(fmt.Sprintf("%s/vrfs=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				m := newModel(b, quiet())
				read := func(a *gpb.Notification) {
					if _, err := m.ParseConfig([]*gpb.Notification{a}); err != nil {
						b.Fatal(err)
					}
				}
				read(a)
				for i := 1; b.Loop(); i++ {
					if len(answers) == 1 {
						m = newModel(b, quiet())
					}
					read(answers[i%len(answers)])
				}
			})
		}
	}
}

// shown is how a device answers that holds c.
func shown(b *testing.B, c southbound.DeviceConfig) *gpb.Notification {
	b.Helper()
	tr := newTree(b)
	req, err := newModel(b, everything()).Changes(southbound.DeviceConfig{}, c, epoch)
	if err != nil {
		b.Fatal(err)
	}
	tr.set(req)
	return tr.get()[0]
}
