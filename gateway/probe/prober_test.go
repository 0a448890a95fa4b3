// SPDX-License-Identifier: Apache-2.0

package probe_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/gateway/probe"
	"github.com/s2cd/s2cd/southbound"
)

var _ gateway.Prober = (*probe.Prober)(nil)

// wire is a socket whose far end answers after a while, but no packet above its MTU.
type wire struct {
	delay   time.Duration
	mtu     int
	replies chan []byte
	once    sync.Once
	closed  chan struct{}

	mu       sync.Mutex // guards deadline
	deadline time.Time
}

func newWire(delay time.Duration, mtu int) *wire {
	return &wire{delay: delay, mtu: mtu, replies: make(chan []byte, 1000), closed: make(chan struct{})}
}

func (w *wire) WriteTo(b []byte, _ net.Addr) (int, error) {
	if len(b)+20 > w.mtu {
		return 0, errors.New("message too long")
	}
	reply := append([]byte(nil), b...)
	reply[0] = 0
	time.AfterFunc(w.delay, func() { w.replies <- reply })
	return len(b), nil
}

func (w *wire) ReadFrom(b []byte) (int, net.Addr, error) {
	w.mu.Lock()
	timer := time.NewTimer(time.Until(w.deadline))
	w.mu.Unlock()
	defer timer.Stop()
	select {
	case r := <-w.replies:
		return copy(b, r), nil, nil
	case <-timer.C:
		return 0, nil, timeout{}
	case <-w.closed:
		return 0, nil, net.ErrClosed
	}
}

func (w *wire) SetReadDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = t
	return nil
}

func (w *wire) Close() error                     { w.once.Do(func() { close(w.closed) }); return nil }
func (w *wire) LocalAddr() net.Addr              { return nil }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

type timeout struct{}

func (timeout) Error() string   { return "timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

func config(probes ...southbound.Probe) southbound.DeviceConfig {
	return southbound.DeviceConfig{VRFs: []southbound.VRF{{Name: "red", Probes: probes}}}
}

func TestProber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		broken.Store(true)
		open := func(_ context.Context, vrf string, p southbound.Probe, _ uint16) (net.PacketConn, error) {
			if vrf != "red" {
				t.Errorf("vrf %s", vrf)
			}
			if p.Name == "late" && broken.Load() {
				return nil, errors.New("no such device")
			}
			return newWire(7*time.Millisecond, 1400), nil
		}
		p := probe.New(open, slog.New(slog.DiscardHandler))
		a := netip.MustParseAddr("192.0.2.1")
		ok := southbound.Probe{Name: "ok", Source: a, Target: a, IntervalMsec: 100, FullSize: 1400}
		big := southbound.Probe{Name: "big", Source: a, Target: a, IntervalMsec: 100, FullSize: 1401}
		late := southbound.Probe{Name: "late", Source: a, Target: a, IntervalMsec: 100}
		p.Set(config(ok, big, late))
		time.Sleep(9950 * time.Millisecond)
		synctest.Wait()
		got := map[string]southbound.ProbeResult{}
		for _, r := range p.Results() {
			got[r.Name] = r
		}
		if r := got["ok"]; r.Sent != 100 || r.Received != 100 || r.FullSent != 10 || r.FullReceived != 10 ||
			r.MeanRTTMicros != 7000 || r.Window != 100 || r.WindowLost != 0 || r.Error != "" {
			t.Errorf("ok: %+v", r)
		}
		if r := got["big"]; r.Received != 100 || r.FullSent != 10 || r.FullReceived != 0 {
			t.Errorf("big: %+v", r)
		}
		if r := got["late"]; r.Sent != 0 || r.Error != "no such device" {
			t.Errorf("late: %+v", r)
		}
		broken.Store(false)
		time.Sleep(2 * time.Second)
		p.Set(config(ok, late)) // ok goes on, big ends
		synctest.Wait()
		res := p.Results()
		if len(res) != 2 || res[0].Name != "late" || res[0].Received == 0 || res[0].Error != "" || res[1].Sent < 110 {
			t.Errorf("later: %+v", res)
		}
		ok.IntervalMsec = 50 // another probe: counting begins anew
		p.Set(config(ok))
		synctest.Wait()
		if res := p.Results(); len(res) != 1 || res[0].Sent != 1 {
			t.Errorf("changed: %+v", res)
		}
		p.Close()
		p.Set(config(ok))
		if res := p.Results(); len(res) != 0 {
			t.Errorf("after Close: %+v", res)
		}
	})
}
