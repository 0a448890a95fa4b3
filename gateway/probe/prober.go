// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/s2cd/s2cd/southbound"
)

// Open returns a socket for echoes of the source's family, bound to the VRF
// device and to source, that accepts only echoes with this id.
type Open func(ctx context.Context, vrf string, p southbound.Probe, id uint16) (net.PacketConn, error)

// Prober runs the probes of a configuration, a goroutine each.
type Prober struct {
	open Open
	log  *slog.Logger

	// mu guards running and closed.
	mu      sync.Mutex
	running map[key]*running
	closed  bool
	wait    sync.WaitGroup
}

type key struct{ vrf, name string }

type running struct {
	spec   southbound.Probe
	totals *totals
	cancel context.CancelFunc
}

// New returns a Prober without probes.
func New(open Open, log *slog.Logger) *Prober {
	return &Prober{open: open, log: log, running: map[key]*running{}}
}

// Set starts, keeps and stops probes until they are those of cfg.
func (p *Prober) Set(cfg southbound.DeviceConfig) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	want := make(map[key]southbound.Probe)
	for _, v := range cfg.VRFs {
		for _, pr := range v.Probes {
			want[key{v.Name, pr.Name}] = pr
		}
	}
	for k, r := range p.running {
		if spec, ok := want[k]; !ok || spec != r.spec {
			r.cancel()
			delete(p.running, k)
		}
	}
	for k, spec := range want {
		if p.running[k] == nil {
			p.start(k, spec)
		}
	}
}

func (p *Prober) start(k key, spec southbound.Probe) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{spec: spec, totals: newTotals(time.Now()), cancel: cancel}
	p.running[k] = r
	l := &loop{open: p.open, vrf: k.vrf, spec: spec, totals: r.totals, log: p.log.With("vrf", k.vrf, "probe", k.name)}
	p.wait.Go(func() { l.run(ctx) })
}

// Results returns every running probe's totals, by VRF and name.
func (p *Prober) Results() []southbound.ProbeResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []southbound.ProbeResult
	for k, r := range p.running {
		res := r.totals.result(time.Now())
		res.VRF, res.Name = k.vrf, k.name
		out = append(out, res)
	}
	slices.SortFunc(out, func(a, b southbound.ProbeResult) int {
		return cmp.Or(cmp.Compare(a.VRF, b.VRF), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// Close stops all probes and waits for them.
func (p *Prober) Close() {
	p.mu.Lock()
	p.closed = true
	for k, r := range p.running {
		r.cancel()
		delete(p.running, k)
	}
	p.mu.Unlock()
	p.wait.Wait()
}
