// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gpb "github.com/openconfig/gnmi/proto/gnmi"
	extpb "github.com/openconfig/gnmi/proto/gnmi_ext"
	"github.com/openconfig/ygot/ygot"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/gateway"
)

func TestOnlyPinnedClientsConnect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, who := range []string{"", "stranger", "foreign"} {
		conn := b.dial(b.addr, who)
		_, err := gpb.NewGNMIClient(conn).Capabilities(t.Context(), &gpb.CapabilityRequest{})
		if status.Code(err) != codes.Unavailable {
			t.Errorf("client %q: %v", who, err)
		}
		must(t, conn.Close())
	}
	resp, err := b.client.Capabilities(t.Context(), &gpb.CapabilityRequest{})
	must(t, err)
	if m := resp.GetSupportedModels(); len(m) != 1 || m[0].GetName() != gateway.ModelName {
		t.Errorf("models %v", m)
	}
}

func TestSetReadsBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	keys := b.slotKeys()
	want := config(vpn("red", 1), vpn("blue", 2))
	must(t, b.set(want))
	if diff := cmp.Diff(want, b.config(), equate()); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	held, _ := b.kernel.Held()
	if diff := cmp.Diff(want, held.Config, equate()); diff != "" {
		t.Errorf("kernel (-want +got):\n%s", diff)
	}
	for _, port := range []uint16{51821, 51822} {
		k := held.Keys[port]
		if k.PublicKey().String() != keys[port] {
			t.Errorf("slot %d has another key than was published", port)
		}
	}
	o := b.observe()
	if len(o.Tunnels) != 2 || len(o.Probes) != 2 || len(o.Attachments) != 2 || o.Attachments[0].OutOctets != 1<<40 {
		t.Errorf("state %+v", o)
	}
	want.VRFs[0].Tunnels[0].EgressKbps = 0
	want.VRFs[0].Routes = want.VRFs[0].Routes[1:]
	want.VRFs[1].Probes = nil
	must(t, b.set(want))
	if diff := cmp.Diff(want, b.config(), equate()); diff != "" {
		t.Errorf("after a change (-want +got):\n%s", diff)
	}
	must(t, b.set(config()))
	if got := b.config(); got.VRFs != nil {
		t.Errorf("after removal: %+v", got)
	}
	after := b.slotKeys()
	for port, key := range keys {
		if used := port == 51821 || port == 51822; used == (after[port] == key) {
			t.Errorf("slot %d: key changed %v, used %v", port, after[port] != key, used)
		}
	}
}

func TestGetAnyPath(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	must(t, b.set(config(vpn("red", 1), vpn("blue", 2))))
	for _, tc := range []struct {
		path string
		kind gpb.GetRequest_DataType
		want int // updates
		code codes.Code
	}{
		{path: "/", want: 1},
		{path: "/vrfs", kind: gpb.GetRequest_CONFIG, want: 1},
		{path: "/vrfs", kind: gpb.GetRequest_STATE, want: 0},
		{path: "/vrfs/vrf[name=red]", want: 1},
		{path: "/vrfs/vrf[name=*]/mark/vpn", want: 2},
		{path: "/vrfs/vrf[name=none]", want: 0},
		{path: "/vrfs/vrf[name=red]/routes/route[prefix=10.50.0.0/16]/tunnel", want: 1},
		{path: "/vrfs/vrf[name=red]/attachments/attachment[port=eth1][vlan=101]/mtu", want: 1},
		{path: "/state/agent/ready", want: 1},
		{path: "/state/slots/slot[port=*]/public-key", want: 10},
		{path: "/state/agent", kind: gpb.GetRequest_CONFIG, want: 0},
		{path: "/interfaces", code: codes.InvalidArgument},
		{path: "/vrfs/vrf[id=red]", code: codes.InvalidArgument},
		{path: "/state/agent/private-key", code: codes.InvalidArgument},
	} {
		p, err := ygot.StringToStructuredPath(tc.path)
		must(t, err)
		resp, err := b.client.Get(t.Context(), &gpb.GetRequest{Path: []*gpb.Path{p}, Type: tc.kind, Encoding: gpb.Encoding_JSON_IETF})
		if status.Code(err) != tc.code {
			t.Errorf("%s: %v, want %s", tc.path, err, tc.code)
			continue
		}
		if err == nil && len(resp.GetNotification()[0].GetUpdate()) != tc.want {
			t.Errorf("%s %s: %d updates, want %d", tc.path, tc.kind, len(resp.GetNotification()[0].GetUpdate()), tc.want)
		}
	}
}

func TestNoPrivateKeyIsShown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	must(t, b.set(config(vpn("red", 1))))
	all := fmt.Sprint(b.get(gpb.GetRequest_ALL))
	files, err := filepath.Glob(b.file("state/slots/*.json"))
	must(t, err)
	if len(files) != 10 {
		t.Fatalf("slots on disk: %v", files)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		must(t, err)
		var s struct{ Private string }
		must(t, json.Unmarshal(raw, &s))
		if s.Private == "" || strings.Contains(all, s.Private) {
			t.Errorf("%s: its private key is empty or shown", f)
		}
		info, err := os.Stat(f)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", f, info.Mode().Perm())
		}
	}
	info, err := os.Stat(b.file("state"))
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("state folder has mode %o", info.Mode().Perm())
	}
}

func TestKernelRefusalLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	before := config(vpn("red", 1))
	must(t, b.set(before))
	b.kernel.Refuse(func(d gateway.Desired) error {
		if len(d.Config.VRFs) > 1 {
			return &gateway.ObjectError{VRF: "blue", Object: "vrf blue tunnel wg2", Err: errors.New("no room")}
		}
		return nil
	})
	for _, ext := range [][]*extpb.Extension{nil, {commit("c", time.Minute)}} {
		err := b.set(config(vpn("red", 1), vpn("blue", 2)), ext...)
		if status.Code(err) != codes.Aborted || !strings.Contains(err.Error(), "vrf blue tunnel wg2: no room") {
			t.Errorf("set: %v", err)
		}
		held, _ := b.kernel.Held()
		if diff := cmp.Diff(before, held.Config, equate()); diff != "" {
			t.Errorf("kernel (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(before, b.config(), equate()); diff != "" {
			t.Errorf("configuration (-want +got):\n%s", diff)
		}
	}
	b.restart()
	if diff := cmp.Diff(before, b.config(), equate()); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
}

func TestBadTreesTouchNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	must(t, b.set(config(vpn("red", 1))))
	_, applies := b.kernel.Held()
	for name, tc := range badTrees() {
		want := vpn("blue", 2)
		tc.spoil(&want)
		err := b.set(config(vpn("red", 1), want))
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
	}
	if _, now := b.kernel.Held(); now != applies {
		t.Errorf("the kernel was touched %d times", now-applies)
	}
}

func TestBadSetsTouchNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	must(t, b.set(config(vpn("red", 1))))
	_, applies := b.kernel.Held()
	str := func(s string) *gpb.TypedValue {
		return &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: []byte(s)}}
	}
	for name, tc := range map[string]struct {
		path, val string
		del       bool
		code      codes.Code
	}{
		"state":         {path: "/state/agent/ready", val: "true", code: codes.InvalidArgument},
		"delete state":  {path: "/state", del: true, code: codes.InvalidArgument},
		"state at root": {path: "/", val: `{"s2cd-gateway:state":{"agent":{"ready":true}}}`, code: codes.InvalidArgument},
		"wildcard":      {path: "/vrfs/vrf[name=*]", del: true, code: codes.InvalidArgument},
		"unknown path":  {path: "/vrfs/vrf[name=red]/colour", val: `"blue"`, code: codes.InvalidArgument},
		"unknown leaf":  {path: "/vrfs/vrf[name=red]/mark", val: `{"colour":1}`, code: codes.InvalidArgument},
		"no JSON":       {path: "/vrfs/vrf[name=red]/mark", val: `{"epoch":`, code: codes.InvalidArgument},
		"wrong type":    {path: "/vrfs/vrf[name=red]/attachments/attachment[port=eth1][vlan=101]/mtu", val: `"big"`, code: codes.InvalidArgument},
		"key mismatch":  {path: "/vrfs/vrf[name=red]/tunnels/tunnel[name=wg1]", val: `{"name":"wg9","listen-port":51821}`, code: codes.InvalidArgument},
	} {
		p, err := ygot.StringToStructuredPath(tc.path)
		must(t, err)
		req := &gpb.SetRequest{Replace: []*gpb.Update{{Path: p, Val: str(tc.val)}}}
		if tc.del {
			req = &gpb.SetRequest{Delete: []*gpb.Path{p}}
		}
		if _, err := b.client.Set(t.Context(), req); status.Code(err) != tc.code {
			t.Errorf("%s: %v, want %s", name, err, tc.code)
		}
	}
	if _, now := b.kernel.Held(); now != applies {
		t.Errorf("the kernel was touched %d times", now-applies)
	}
	if diff := cmp.Diff(config(vpn("red", 1)), b.config(), equate()); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestFence(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	red := config(vpn("red", 1))
	must(t, b.set(red)) // nobody was seen yet
	must(t, b.send(election(0, 5)))
	for name, ext := range map[string][]*extpb.Extension{
		"older": {election(0, 4)}, "none": nil, "older commit": {election(0, 4), commit("c", time.Minute)},
	} {
		if err := b.set(config(), ext...); status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, b.set(red, election(0, 5)))
	must(t, b.set(red, election(1, 0)))
	if err := b.send(election(0, 1<<63)); status.Code(err) != codes.PermissionDenied {
		t.Errorf("lower upper half: %v", err)
	}
	b.restart()
	if err := b.send(election(0, 9)); status.Code(err) != codes.PermissionDenied {
		t.Errorf("after a restart: %v", err)
	}
	if err := b.send(&extpb.Extension{Ext: &extpb.Extension_MasterArbitration{MasterArbitration: &extpb.MasterArbitration{}}}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("no election id: %v", err)
	}
	must(t, b.send(election(1, 1)))
}

func TestSubscribeOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	must(t, b.set(config(vpn("red", 1))))
	for _, enc := range []gpb.Encoding{gpb.Encoding_PROTO, gpb.Encoding_JSON_IETF} {
		ns := b.once(t, enc)
		o, err := b.model.ParseState(ns, time.Now())
		must(t, err)
		want := b.observe()
		o.At = want.At
		if diff := cmp.Diff(want, o, equate()); diff != "" {
			t.Errorf("%s: state by Subscribe and Get differ:\n%s", enc, diff)
		}
	}
}

// once returns the notifications before sync_response.
func (b *bench) once(t *testing.T, enc gpb.Encoding) []*gpb.Notification {
	t.Helper()
	s, err := b.client.Subscribe(t.Context())
	must(t, err)
	must(t, s.Send(&gpb.SubscribeRequest{Request: &gpb.SubscribeRequest_Subscribe{Subscribe: &gpb.SubscriptionList{
		Mode: gpb.SubscriptionList_ONCE, Encoding: enc,
		Subscription: []*gpb.Subscription{{Path: &gpb.Path{Elem: []*gpb.PathElem{{Name: "state"}}}}},
	}}}))
	var ns []*gpb.Notification
	for {
		r, err := s.Recv()
		must(t, err)
		if r.GetSyncResponse() {
			return ns
		}
		ns = append(ns, r.GetUpdate())
	}
}

func TestSubscribeOnChangeSeesASet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	s, err := b.client.Subscribe(ctx)
	must(t, err)
	must(t, s.Send(&gpb.SubscribeRequest{Request: &gpb.SubscribeRequest_Subscribe{Subscribe: &gpb.SubscriptionList{
		Encoding: gpb.Encoding_PROTO, UpdatesOnly: true,
		Subscription: []*gpb.Subscription{
			{Path: &gpb.Path{Elem: []*gpb.PathElem{{Name: "vrfs"}}}, Mode: gpb.SubscriptionMode_ON_CHANGE},
		},
	}}}))
	r, err := s.Recv()
	must(t, err)
	if !r.GetSyncResponse() {
		t.Fatalf("updates_only: %v before sync_response", r)
	}
	must(t, b.set(config(vpn("red", 1))))
	r, err = s.Recv()
	must(t, err)
	c, err := b.model.ParseConfig([]*gpb.Notification{r.GetUpdate()})
	must(t, err)
	if diff := cmp.Diff(config(vpn("red", 1)), c, equate()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	must(t, b.set(config()))
	r, err = s.Recv()
	must(t, err)
	if len(r.GetUpdate().GetDelete()) == 0 || len(r.GetUpdate().GetUpdate()) != 0 {
		t.Errorf("after removal: %v", r)
	}
}
