// SPDX-License-Identifier: Apache-2.0

package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func small() Plan { return Plan{Nodes: 120, PEs: 4, Tenants: 3, Sites: 10, Seed: 7} }

func addresses(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("127.0.0.1:%d", 20_000+i)
	}
	return all
}

func TestPlanIsDeterministic(t *testing.T) {
	t.Parallel()
	text := func(p Plan) string {
		var b bytes.Buffer
		if err := p.WriteInventory(&b, addresses(p.PEs)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	p, other := small(), small()
	other.Seed++
	if d := cmp.Diff(text(p), text(small())); d != "" {
		t.Errorf("the same plan gives another network:\n%s", d)
	}
	if text(p) == text(other) {
		t.Error("another seed gives the same network")
	}
	opt := cmp.AllowUnexported(call{})
	if d := cmp.Diff(p.creates(50), p.creates(50), opt) + cmp.Diff(p.checks(50), p.checks(50), opt); d != "" {
		t.Errorf("the same plan gives other requests:\n%s", d)
	}
	if cmp.Equal(p.creates(50), other.creates(50), opt) {
		t.Error("another seed gives the same orders")
	}
}

// TestSitesAreApart holds what the inventory demands of access lines, and that
// peers are on different PEs.
func TestSitesAreApart(t *testing.T) {
	t.Parallel()
	lines := map[site]bool{}
	for tenant, all := range (Plan{Nodes: 1000, PEs: 2, Tenants: 40, Sites: 400, Seed: 1}).sites() {
		if len(all) != 400 {
			t.Fatalf("tenant %d has %d sites", tenant, len(all))
		}
		for i, s := range all {
			if lines[s] || s.vlan < 1 || s.vlan > 4094 || s.port < 1 {
				t.Fatalf("tenant %d, site %d: %+v", tenant, i, s)
			}
			lines[s] = true
			if i%2 == 1 && s.pe == all[i-1].pe {
				t.Fatalf("tenant %d: sites %d and %d are on one PE", tenant, i-1, i)
			}
		}
	}
}

func TestOrdersAreOfPeers(t *testing.T) {
	t.Parallel()
	p := small()
	keys := map[string]bool{}
	for i, c := range p.creates(200) {
		var body struct {
			A, Z struct {
				ID       string         `json:"id"`
				Prefixes []netip.Prefix `json:"staticPrefixes"`
			}
			Near     json.RawMessage `json:"accessPoint"`
			Far      json.RawMessage `json:"endPoint"`
			Duration int             `json:"duration"`
		}
		err := json.Unmarshal([]byte(c.body), &body)
		if err == nil {
			err = json.Unmarshal(body.Near, &body.A)
		}
		if err == nil {
			err = json.Unmarshal(body.Far, &body.Z)
		}
		if err != nil {
			t.Fatalf("order %d: %v: %s", i, err, c.body)
		}
		var a, z int
		if _, err := fmt.Sscanf(body.A.ID+" "+body.Z.ID, "site-%d site-%d", &a, &z); err != nil {
			t.Fatal(err)
		}
		if c.tenant != i%p.Tenants || a%2 != 1 || z != a+1 || z > p.Sites || keys[c.key] || body.Duration < 3600 ||
			body.A.Prefixes[0].Overlaps(body.Z.Prefixes[0]) {
			t.Errorf("order %d of tenant %d: %s", i, c.tenant, c.body)
		}
		keys[c.key] = true
	}
}

func TestReadsAreOfWhatWasMade(t *testing.T) {
	t.Parallel()
	p, seen := small(), map[string]int{}
	sessions := []made{{0, "a"}, {2, "b"}}
	for _, c := range append(p.reads(1000, sessions), p.lists(1000, sessions)...) {
		seen[fmt.Sprintf("%d %s", c.tenant, c.path)]++
	}
	want := []string{"0 /sessions/a", "2 /sessions/b"}
	for page := 1; page <= 3; page++ {
		for _, tenant := range []int{0, 2} {
			want = append(want, fmt.Sprintf("%d /sessions?perPage=20&page=%d", tenant, page))
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("reads of %q, want %q", got, want)
	}
}

func TestPlanCheck(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Plan){
		"one PE":       func(p *Plan) { p.PEs = 1 },
		"few nodes":    func(p *Plan) { p.Nodes = 40 },
		"no tenant":    func(p *Plan) { p.Tenants = 0 },
		"odd sites":    func(p *Plan) { p.Sites = 11 },
		"many tenants": func(p *Plan) { p.Tenants = 5001 },
	} {
		p := small()
		change(&p)
		if p.Check() == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := small().Check(); err != nil {
		t.Error(err)
	}
}
