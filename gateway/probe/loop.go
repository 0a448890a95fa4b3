// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/s2cd/s2cd/southbound"
)

const (
	fullEvery = time.Second
	// reopenAfter is how long a probe rests when its socket cannot be had.
	reopenAfter = time.Second
)

// loop is one probe: it sends at its interval and listens in between.
type loop struct {
	open   Open
	vrf    string
	spec   southbound.Probe
	totals *totals
	log    *slog.Logger

	conn     net.PacketConn
	echo     echo
	seq      uint16
	fullSeq  uint16
	nextFull time.Time
}

// run goes on until ctx ends. A socket whose device went away is opened anew.
func (l *loop) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := l.connected(ctx); err != nil && ctx.Err() == nil {
			l.totals.failed(err)
			select {
			case <-ctx.Done():
			case <-time.After(reopenAfter):
			}
		}
	}
}

// connected measures over one socket until sending fails or ctx ends.
func (l *loop) connected(ctx context.Context) error {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	l.echo = echo{six: l.spec.Source.Is6(), id: binary.BigEndian.Uint16(random[8:])}
	copy(l.echo.nonce[:], random[:8])
	conn, err := l.open(ctx, l.vrf, l.spec, l.echo.id)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		if stop() {
			_ = conn.Close()
		}
	}()
	l.conn = conn
	interval := time.Duration(l.spec.IntervalMsec) * time.Millisecond
	l.nextFull = time.Now()
	for next := time.Now(); ; {
		if err := l.send(); err != nil {
			return err
		}
		next = next.Add(interval)
		if now := time.Now(); next.Before(now) {
			next = now // the machine was too slow: no burst afterwards
		}
		if err := l.listen(ctx, next); err != nil {
			return err
		}
	}
}

// send writes a small packet and, once a second, a full-size one. Too big a
// packet is an answer, not a failure of the probe.
func (l *loop) send() error {
	to := &net.IPAddr{IP: l.spec.Target.AsSlice()}
	l.seq++
	now := time.Now()
	l.totals.sent(l.seq&^fullBit, false, now)
	if _, err := l.conn.WriteTo(l.echo.request(l.seq&^fullBit, 0), to); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if l.spec.FullSize == 0 || now.Before(l.nextFull) {
		return nil
	}
	l.nextFull = now.Add(fullEvery)
	l.fullSeq++
	seq := l.fullSeq | fullBit
	l.totals.sent(seq, true, time.Now())
	if _, err := l.conn.WriteTo(l.echo.request(seq, l.spec.FullSize), to); err != nil {
		l.totals.failed(err)
	}
	return nil
}

// listen takes answers until the next packet is due.
func (l *loop) listen(ctx context.Context, until time.Time) error {
	buf := make([]byte, 10240)
	if err := l.conn.SetReadDeadline(until); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for {
		n, _, err := l.conn.ReadFrom(buf)
		at := time.Now()
		if err != nil {
			if ctx.Err() != nil || !isTimeout(err) {
				return fmt.Errorf("listen: %w", err)
			}
			return nil
		}
		if seq, ok := l.echo.reply(buf[:n]); ok {
			l.totals.answered(seq, seq&fullBit != 0, at)
		}
		if !at.Before(until) {
			return nil
		}
	}
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error) //nolint:errorlint // the net package documents this assertion
	return ok && ne.Timeout()
}
