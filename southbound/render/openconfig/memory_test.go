// SPDX-License-Identifier: Apache-2.0

package openconfig_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/drivertest"
	"github.com/s2cd/s2cd/southbound/render/openconfig"
)

// edit changes one place of a JSON tree at random: a leaf gets another value, a
// member or an entry goes, an entry comes twice.
func edit(t *rapid.T, v any) any {
	switch v := v.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		if len(names) == 0 {
			return v
		}
		name := rapid.SampledFrom(names).Draw(t, "member")
		if rapid.IntRange(0, 19).Draw(t, "drop") == 0 {
			delete(v, name)
			return v
		}
		v[name] = edit(t, v[name])
		return v
	case []any:
		if len(v) == 0 {
			return v
		}
		i := rapid.IntRange(0, len(v)-1).Draw(t, "entry")
		switch rapid.IntRange(0, 9).Draw(t, "how") {
		case 0:
			return slices.Delete(v, i, i+1)
		case 1:
			return append(v, v[i])
		}
		v[i] = edit(t, v[i])
		return v
	}
	return rapid.SampledFrom([]any{
		"s2cd:7:vpn-1", "s2cd:6:vpn-2 x", "s2cd:18446744073709551615:v", "mine", "eth1", "s2cd:secret=vault:b", "s2cd-x",
		"10.1.0.0/16", "192.0.2.9", "7", float64(7), float64(101), 1e300, -1.0, true, false, nil, map[string]any{}, []any{},
	}).Draw(t, "value")
}

// pieces answers as a server does that sends a value for each path asked for, or
// one for all.
func pieces(t *rapid.T, tree map[string]any) []*gpb.Notification {
	if rapid.Bool().Draw(t, "at once") {
		return answer(marshal(t, tree))
	}
	var out []*gpb.Notification
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		out = append(out, &gpb.Notification{Update: []*gpb.Update{{
			Path: &gpb.Path{Elem: []*gpb.PathElem{{Name: name}}},
			Val:  &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: []byte(marshal(t, tree[name]))}},
		}}})
	}
	return out
}

func marshal(t interface{ Fatal(args ...any) }, v any) string {
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func problem(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A model that has read other answers before reads the next one as a new model
// does, whatever became of what it handed out.
func TestPropertyReadsAsIfForTheFirstTime(t *testing.T) {
	t.Parallel()
	writer := newModel(t, everything())
	fresh := func(p openconfig.Platform) *openconfig.Model { return newModel(t, p) }
	rapid.Check(t, func(t *rapid.T) {
		p := everything()
		p.ReadsSecrets = rapid.Bool().Draw(t, "reads secrets")
		tr, old := newTree(t), fresh(p)
		req, err := writer.Changes(southbound.DeviceConfig{}, configs().Draw(t, "config"), epoch)
		if err != nil {
			t.Fatalf("changes: %v", err)
		}
		tr.set(req)
		var tree map[string]any
		if err := json.Unmarshal(tr.get()[0].GetUpdate()[0].GetVal().GetJsonIetfVal(), &tree); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(2, 4).Draw(t, "reads") {
			notifications := pieces(t, tree)
			want, wantErr := fresh(p).ParseConfig(notifications)
			got, gotErr := old.ParseConfig(notifications)
			if problem(gotErr) != problem(wantErr) {
				t.Fatalf("error %v, want %v", gotErr, wantErr)
			}
			if diff := cmp.Diff(want, got, drivertest.Comparers()); diff != "" {
				t.Fatalf("(-first +again)\n%s", diff)
			}
			spoil(got)
			edit(t, tree)
		}
	})
}

// TestReadsAtOnce has one model read two answers in two goroutines.
func TestReadsAtOnce(t *testing.T) {
	t.Parallel()
	m, body := newModel(t, quiet()), rendered(t)
	var wg sync.WaitGroup
	for _, rd := range []string{"65000:11", "65000:12"} {
		wg.Go(func() {
			for range 4 {
				c, err := m.ParseConfig(answer(strings.ReplaceAll(body, "65000:11", rd)))
				if err != nil {
					t.Error(err)
					return
				}
				if got := c.VRFs[0].RD; got != rd {
					t.Errorf("distinguisher %s, want %s", got, rd)
				}
				spoil(c)
			}
		})
	}
	wg.Wait()
}

// spoil writes over everything in c.
func spoil(c southbound.DeviceConfig) {
	for _, v := range c.VRFs {
		clear(v.ImportRTs)
		clear(v.ExportRTs)
		for _, a := range v.Attachments {
			clear(a.Addresses)
		}
		clear(v.Attachments)
		clear(v.Routes)
		clear(v.Neighbors)
	}
	clear(c.VRFs)
}

// TestAnswersOfOddShape reads what is not quite as a server should send it, by a
// model that knows the entries and by one that does not.
func TestAnswersOfOddShape(t *testing.T) {
	t.Parallel()
	body := rendered(t)
	instance := `{"name":"cust1","config":{"name":"cust1","description":"s2cd:7:vpn-1"}}`
	for name, odd := range map[string]string{
		"cut off":           body[:len(body)-2],
		"something behind":  body + "x",
		"twice":             body + body,
		"comma":             strings.Replace(body, "[", "[,", 1),
		"last comma":        body[:len(body)-1] + ",}",
		"null":              `null`,
		"list":              `[]`,
		"no container":      `{"network-instances":null,"interfaces":[],"qos":7}`,
		"no list":           `{"network-instances":{"network-instance":{"name":"cust1"}}}`,
		"entry of no kind":  `{"network-instances":{"network-instance":[7,null,[` + instance + `],` + instance + `]}}`,
		"number too large":  `{"network-instances":{"network-instance":[{"name":"cust1","config":{"mtu":1e999}}]}}`,
		"too deep":          `{"network-instances":{"network-instance":[{"x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}]}}`,
		"deep beside":       `{"x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`,
		"one entry twice":   `{"network-instances":{"network-instance":[` + instance + `,` + instance + `]}}`,
		"one member twice":  `{"network-instances":{"network-instance":[]},"network-instances":{"network-instance":[` + instance + `]}}`,
		"escaped names":     `{"network\u002dinstances":{"network-instance":[` + instance + `]}}`,
		"largest epoch":     strings.ReplaceAll(body, "s2cd:7:", fmt.Sprintf("s2cd:%d:", uint64(math.MaxUint64))),
		"not as modelled":   strings.Replace(body, `"vlan-id":101`, `"vlan-id":"x"`, 1),
		"of another module": strings.ReplaceAll(body, "openconfig-", "vendor-"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, wantErr := newModel(t, everything()).ParseConfig(inPieces(odd))
			for _, before := range []string{`{}`, body, odd} {
				m := newModel(t, everything())
				_, _ = m.ParseConfig(answer(before)) // an odd one is compared below
				got, err := m.ParseConfig(answer(odd))
				if problem(err) != problem(wantErr) {
					t.Errorf("error %v, want %v", err, wantErr)
				}
				if diff := cmp.Diff(want, got, drivertest.Comparers()); diff != "" {
					t.Errorf("(-whole +sifted)\n%s", diff)
				}
			}
		})
	}
}

// inPieces is answer of a server that has told of a list entry by its path, so
// that the whole is decoded.
func inPieces(body string) []*gpb.Notification {
	n := answer(body)
	n = append(n, &gpb.Notification{Update: []*gpb.Update{{
		Path: &gpb.Path{Elem: []*gpb.PathElem{{Name: "system"}, {Name: "user", Key: map[string]string{"name": "x"}}, {Name: "age"}}},
		Val:  &gpb.TypedValue{Value: &gpb.TypedValue_UintVal{UintVal: 7}},
	}}})
	return n
}

// A key that is shown is compared with what its reference leads to at each read.
func TestKeyOfReferenceIsNotRemembered(t *testing.T) {
	t.Parallel()
	key := "key of vault:a"
	m, err := openconfig.New(openconfig.Config{AS: 65000, Platform: everything(), Secret: func(string) (string, error) { return key, nil }})
	if err != nil {
		t.Fatal(err)
	}
	body := rendered(t)
	for _, step := range []struct{ key, want string }{
		{"key of vault:a", "vault:a"}, {"another", "?"}, {"key of vault:a", "vault:a"},
	} {
		key = step.key
		c, err := m.ParseConfig(answer(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.VRFs[0].Neighbors[0].Secret; got != step.want {
			t.Errorf("key %q: reference %q, want %q", step.key, got, step.want)
		}
	}
}
