// SPDX-License-Identifier: Apache-2.0

package router

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// at names an element of a VRF; without elements the VRF.
func at(vrf string, elems ...string) *gpb.Path {
	p := &gpb.Path{Elem: []*gpb.PathElem{{Name: "network-instances"}, {Name: "network-instance", Key: map[string]string{"name": vrf}}}}
	for _, e := range elems {
		p.Elem = append(p.Elem, &gpb.PathElem{Name: e})
	}
	return p
}

func value(path *gpb.Path, text string) *gpb.Update {
	return &gpb.Update{Path: path, Val: &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: []byte(text)}}}
}

func commit(c *gnmi_ext.Commit) []*gnmi_ext.Extension {
	return []*gnmi_ext.Extension{{Ext: &gnmi_ext.Extension_Commit{Commit: c}}}
}

func confirm(id string) *gnmi_ext.Commit {
	return &gnmi_ext.Commit{Id: id, Action: &gnmi_ext.Commit_Confirm{Confirm: &gnmi_ext.CommitConfirm{}}}
}

// want fails unless the router holds this, JSON of all VRFs; empty: nothing.
func want(t *testing.T, r *Router, text string) {
	t.Helper()
	resp, err := r.Get(t.Context(), &gpb.GetRequest{Path: []*gpb.Path{{Elem: []*gpb.PathElem{{Name: "network-instances"}}}}})
	if text == "" {
		if status.Code(err) != codes.NotFound {
			t.Errorf("there is something: %v %v", resp, err)
		}
		return
	}
	if err != nil {
		t.Error(err)
		return
	}
	var a, b any
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(resp.GetNotification()[0].GetUpdate()[0].GetVal().GetJsonIetfVal(), &b); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("tree (-want +got):\n%s", d)
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	r := New()
	want(t, r, "")
	set := func(req *gpb.SetRequest) {
		t.Helper()
		if _, err := r.Set(t.Context(), req); err != nil {
			t.Error(err)
		}
	}
	set(&gpb.SetRequest{Replace: []*gpb.Update{
		value(at("a"), `{"openconfig-network-instance:config":{"route-distinguisher":"1:1"}}`),
		value(at("b", "config", "route-distinguisher"), `"1:2"`),
	}})
	want(t, r, `{"network-instance":[{"name":"a","config":{"route-distinguisher":"1:1"}},{"name":"b","config":{"route-distinguisher":"1:2"}}]}`)
	set(&gpb.SetRequest{Delete: []*gpb.Path{at("b"), at("c")}, Update: []*gpb.Update{value(at("a", "config"), `{"mtu":1500}`)}})
	want(t, r, `{"network-instance":[{"name":"a","config":{"route-distinguisher":"1:1","mtu":1500}}]}`)

	_, err := r.Set(t.Context(), &gpb.SetRequest{
		Delete: []*gpb.Path{at("a")}, Replace: []*gpb.Update{value(&gpb.Path{}, `{}`)},
	})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("the root was replaced: %v", err)
	}
	want(t, r, `{"network-instance":[{"name":"a","config":{"route-distinguisher":"1:1","mtu":1500}}]}`)
}

func TestCommitConfirmed(t *testing.T) {
	t.Parallel()
	ask := &gnmi_ext.Commit{Id: "one", Action: &gnmi_ext.Commit_Commit{Commit: &gnmi_ext.CommitRequest{RollbackDuration: durationpb.New(time.Minute)}}}
	const there = `{"network-instance":[{"name":"a","config":{"mtu":9000}}]}`
	for name, c := range map[string]struct {
		end  *gnmi_ext.Commit // nil: it is left alone
		want string
	}{
		"confirmed": {confirm("one"), there},
		"cancelled": {&gnmi_ext.Commit{Id: "one", Action: &gnmi_ext.Commit_Cancel{Cancel: &gnmi_ext.CommitCancel{}}}, ""},
		"expired":   {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := New()
				if _, err := r.Set(t.Context(), &gpb.SetRequest{Replace: []*gpb.Update{value(at("a", "config"), `{"mtu":9000}`)}, Extension: commit(ask)}); err != nil {
					t.Fatal(err)
				}
				want(t, r, there)
				if _, err := r.Set(t.Context(), &gpb.SetRequest{Delete: []*gpb.Path{at("a")}}); status.Code(err) != codes.FailedPrecondition {
					t.Errorf("changed while a commit waits: %v", err)
				}
				if c.end != nil {
					if _, err := r.Set(t.Context(), &gpb.SetRequest{Extension: commit(c.end)}); err != nil {
						t.Error(err)
					}
				}
				time.Sleep(2 * time.Minute)
				want(t, r, c.want)
				if _, err := r.Set(t.Context(), &gpb.SetRequest{Extension: commit(confirm("one"))}); status.Code(err) != codes.FailedPrecondition {
					t.Errorf("confirmed what does not wait: %v", err)
				}
			})
		})
	}
}
