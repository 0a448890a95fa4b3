// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/southbound"
)

func TestEchoRoundTrip(t *testing.T) {
	t.Parallel()
	for _, six := range []bool{false, true} {
		e := &echo{six: six, id: 0x1234, nonce: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}}
		b := e.request(0x8007, 1500)
		if want := 1500 - e.ipHeader(); len(b) != want {
			t.Errorf("six %v: %d bytes, want %d", six, len(b), want)
		}
		if !six && checksum(b) != 0 {
			t.Errorf("checksum over all is %#x, want 0 (RFC 1071)", checksum(b))
		}
		if _, ok := e.reply(b); ok {
			t.Error("a request is taken for a reply")
		}
		b[0] = echoReply4
		if six {
			b[0] = echoReply6
		}
		if seq, ok := e.reply(b); !ok || seq != 0x8007 {
			t.Errorf("reply %#x %v", seq, ok)
		}
		other := *e
		other.nonce[0]++
		if _, ok := other.reply(b); ok {
			t.Error("another probe's reply is taken for ours")
		}
	}
}

func FuzzReply(f *testing.F) {
	e := &echo{id: 7}
	f.Add(e.request(1, 0), false)
	f.Add([]byte{129, 0, 0, 0, 0, 7}, true)
	f.Fuzz(func(t *testing.T, b []byte, six bool) {
		e := &echo{six: six, id: 7, nonce: [8]byte{9}}
		if _, ok := e.reply(b); ok && len(b) < smallSize {
			t.Error("too short a reply is accepted")
		}
	})
}

func TestTotals(t *testing.T) {
	t.Parallel()
	start := time.Unix(1700000000, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	c := newTotals(start)
	c.sent(1, false, at(0))
	c.answered(1, false, at(10))
	c.answered(1, false, at(11)) // a duplicate
	c.sent(2, false, at(100))
	c.answered(2, false, at(130))
	c.sent(3, false, at(200))  // lost
	c.sent(4, false, at(1150)) // under way
	c.answered(9, false, at(1150))
	c.sent(1|fullBit, true, at(1150))
	c.answered(1|fullBit, true, at(1190))
	got := c.result(at(1200))
	want := southbound.ProbeResult{
		Started: start, Sent: 4, Received: 2, FullSent: 1, FullReceived: 1, LastRTTMicros: 30000,
		MinRTTMicros: 10000, MeanRTTMicros: 20000, MaxRTTMicros: 30000, Window: 3, WindowLost: 1, LastReply: at(1190),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for i := range 300 {
		c.sent(uint16(i+5), false, at(2000+i))
		c.answered(uint16(i+5), false, at(2005+i))
	}
	got = c.result(at(9000))
	if got.Window != windowSize || got.WindowLost != 0 || got.MinRTTMicros != 5000 || got.MaxRTTMicros != 5000 || got.Sent != 304 {
		t.Errorf("after 300 more: %+v", got)
	}
}
