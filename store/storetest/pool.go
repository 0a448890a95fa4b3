// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func poolTests() tests {
	return tests{
		"values are lowest first":                   testLowest,
		"ranges of one pool may differ":             testRanges,
		"thousands come and go and nothing is lost": testPoolChurn,
	}
}

// draw admits a session that asks for the given values only.
func (b *bundle) draw(t *testing.T, requests ...order.PoolRequest) (session.Session, []uint64, error) {
	t.Helper()
	var values []uint64
	r := b.batch(t, drawing("t1", &values, requests...))[0]
	return r.Session, values, r.Err
}

// drawing is an order for values only, which it puts where told.
func drawing(tenant string, values *[]uint64, requests ...order.PoolRequest) order.Admission {
	a := small(tenant, "v-"+tenant)
	a.Session.Sink, a.Session.Devices, a.Route.Uses = nil, nil, nil
	a.Pools, a.Assign = requests, func(v []uint64) { *values = v }
	return a
}

func testLowest(t *testing.T, b *bundle) {
	var live []session.Session
	ask := func(i int) order.PoolRequest {
		return order.PoolRequest{Pool: "p", Holder: fmt.Sprint(i), Min: 3, Max: 7}
	}
	for i := range 5 {
		s, values, err := b.draw(t, ask(i))
		if err != nil || values[0] != uint64(3+i) {
			t.Fatalf("value %v, want %d: %v", values, 3+i, err)
		}
		live = append(live, s)
	}
	_, _, err := b.draw(t, ask(9))
	wantCode(t, err, session.NoResources)
	for i, at := range []int{3, 1, 4} {
		b.release(t, live[at])
		_, values, err := b.draw(t, ask(10+i))
		if err != nil || values[0] != uint64(3+at) {
			t.Errorf("value %v, want %d: %v", values, 3+at, err)
		}
	}
}

func testRanges(t *testing.T, b *bundle) {
	for i, test := range []struct{ low, high, want uint64 }{
		{10, 20, 10}, {0, 5, 0}, {11, 11, 11}, {0, 12, 1}, {10, 20, 12}, {1 << 40, 1 << 41, 1 << 40}, {0, 1, 99}, {2, 2, 2}, {2, 2, 99},
		{1<<63 - 1, 1<<63 - 1, 1<<63 - 1}, {1<<63 - 1, 1<<63 - 1, 99},
	} {
		_, values, err := b.draw(t, order.PoolRequest{Pool: "p", Holder: fmt.Sprint(i), Min: test.low, Max: test.high})
		if test.want == 99 {
			wantCode(t, err, session.NoResources)
			continue
		}
		if err != nil || values[0] != test.want {
			t.Errorf("draw %d: %v, want %d: %v", i, values, test.want, err)
		}
	}
}

// model is what pools should hold, kept in the plainest way.
type model map[string]map[string]*held // by pool and holder

type held struct {
	value  uint64
	owners map[session.ID]bool
}

// expect returns what a request has to be answered with; false: exhausted.
func (m model) expect(r order.PoolRequest) (uint64, bool) {
	if h := m[r.Pool][r.Holder]; h != nil {
		return h.value, true
	}
	for v := r.Min; v <= r.Max; v++ {
		taken := false
		for _, h := range m[r.Pool] {
			taken = taken || h.value == v
		}
		if !taken {
			return v, true
		}
	}
	return 0, false
}

func (m model) add(r order.PoolRequest, value uint64, id session.ID) {
	if m[r.Pool] == nil {
		m[r.Pool] = map[string]*held{}
	}
	if m[r.Pool][r.Holder] == nil {
		m[r.Pool][r.Holder] = &held{value: value, owners: map[session.ID]bool{}}
	}
	m[r.Pool][r.Holder].owners[id] = true
}

func (m model) remove(id session.ID) {
	for _, pool := range m {
		for holder, h := range pool {
			if delete(h.owners, id); len(h.owners) == 0 {
				delete(pool, holder)
			}
		}
	}
}

func testPoolChurn(t *testing.T, b *bundle) {
	c := churn{bundle: b, random: rand.New(rand.NewPCG(4, 2)), pools: model{}}
	for c.moves < 2400 {
		n := 1 + c.random.IntN(8)
		if len(c.live) >= n && c.random.IntN(100) < 45 {
			c.leave(t, n)
		} else {
			c.come(t, n)
		}
	}
	t.Logf("%d live at the end, %d times exhausted", len(c.live), c.exhausted)
	if c.exhausted == 0 {
		t.Error("no pool was ever exhausted")
	}
	if faults, err := b.Audit(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("audit: %v, %v", faults, err)
	}
	c.leave(t, len(c.live))
}

// churn has sessions come and go, some at once, and knows what each must get.
type churn struct {
	*bundle
	random    *rand.Rand
	pools     model
	live      []session.Session
	moves     int
	exhausted int
}

// come admits n sessions of one tenant, in order and in one transaction.
func (c *churn) come(t *testing.T, n int) {
	t.Helper()
	tenant := fmt.Sprint("t", c.random.IntN(5))
	batch, got := make([]order.Admission, n), make([][]uint64, n)
	for i := range batch {
		batch[i] = drawing(tenant, &got[i],
			order.PoolRequest{Pool: "vpn", Holder: fmt.Sprint("v", c.random.IntN(60)), Min: 1, Max: 40},
			order.PoolRequest{
				Pool: fmt.Sprint("rd:", c.random.IntN(3)), Holder: fmt.Sprint("v", c.random.IntN(60)), Min: 1, Max: 25,
			})
	}
	for i, r := range c.batch(t, batch...) {
		c.check(t, batch[i].Pools, got[i], r)
	}
	c.moves += n
}

// check compares an answer with what the model expects.
func (c *churn) check(t *testing.T, requests []order.PoolRequest, got []uint64, answer order.AdmitResult) {
	t.Helper()
	full := false
	for i, r := range requests {
		want, ok := c.pools.expect(r)
		full = full || !ok
		if ok && answer.Err == nil && got[i] != want {
			t.Fatalf("%+v: value %d, want %d", r, got[i], want)
		}
	}
	if full != (answer.Err != nil) {
		t.Fatalf("exhausted = %v, answered %v", full, answer.Err)
	}
	if full {
		c.exhausted++
		wantCode(t, answer.Err, session.NoResources)
		return
	}
	for i, r := range requests {
		c.pools.add(r, got[i], answer.Session.ID)
	}
	c.live = append(c.live, answer.Session)
}

// leave releases n sessions at once.
func (c *churn) leave(t *testing.T, n int) {
	t.Helper()
	var all sync.WaitGroup
	for range n {
		at := c.random.IntN(len(c.live))
		one := c.live[at]
		c.live = append(c.live[:at], c.live[at+1:]...)
		c.pools.remove(one.ID)
		all.Go(func() {
			if _, err := c.tryRelease(t.Context(), one); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c.moves += n
}
