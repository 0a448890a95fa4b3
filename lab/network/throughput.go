// SPDX-License-Identifier: Apache-2.0

package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Load is traffic from one namespace to another.
type Load struct {
	From, To string // namespaces
	// FromAddr and ToAddr are the addresses of its packets.
	FromAddr, ToAddr netip.Addr
	// TCP sends as fast as TCP can, else UDP at Bps.
	TCP      bool
	Bps      uint64 // layer 3, offered
	Duration time.Duration
	Size     int // of a UDP packet with IP header, 1400 when 0
}

// LoadResult says what arrived.
type LoadResult struct {
	// Bps is the layer 3 rate that arrived: with the IP and UDP headers, for
	// TCP only its data.
	Bps      float64
	Received int64 // bytes of data
	Offered  int64 // bytes of data, UDP only
}

const ipUDPHeaders = 28

// Throughput sends and receives in this process: a program for each end
// would cost more than the traffic inside user-mode-linux.
func (n *Network) Throughput(ctx context.Context, l Load) (LoadResult, error) {
	if l.Size == 0 {
		l.Size = 1400
	}
	run := n.udp
	if l.TCP {
		run = n.tcp
	}
	r, err := run(ctx, l)
	if err != nil {
		return r, fmt.Errorf("send from %s to %s: %w", l.From, l.To, err)
	}
	return r, nil
}

func (n *Network) udp(ctx context.Context, l Load) (LoadResult, error) {
	var in, out *net.UDPConn
	err := n.Do(l.To, func() (err error) {
		in, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(l.ToAddr, 0)))
		return err
	})
	if err != nil {
		return LoadResult{}, err
	}
	defer in.Close()
	if err := in.SetReadBuffer(4 << 20); err != nil {
		return LoadResult{}, err
	}
	to, err := netip.ParseAddrPort(in.LocalAddr().String())
	if err != nil {
		return LoadResult{}, err
	}
	err = n.Do(l.From, func() (err error) {
		out, err = net.DialUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(l.FromAddr, 0)), net.UDPAddrFromAddrPort(to))
		return err
	})
	if err != nil {
		return LoadResult{}, err
	}
	defer out.Close()
	var bytes, packets atomic.Int64
	var first, last atomic.Int64
	var reader sync.WaitGroup
	reader.Go(func() {
		buf := make([]byte, 65536)
		for {
			size, err := in.Read(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			now := time.Now().UnixNano()
			if !first.CompareAndSwap(0, now) {
				bytes.Add(int64(size))
				packets.Add(1)
			}
			last.Store(now)
		}
	})
	offered := sendUDP(ctx, out, l)
	time.Sleep(200 * time.Millisecond) // what is still on its way
	_ = in.Close()
	reader.Wait()
	r := LoadResult{Received: bytes.Load(), Offered: offered}
	if d := time.Duration(last.Load() - first.Load()); d > 0 {
		r.Bps = float64(bytes.Load()+ipUDPHeaders*packets.Load()) * 8 / d.Seconds()
	}
	return r, nil
}

// sendUDP sends in small bursts, as many as are due at the time.
func sendUDP(ctx context.Context, out *net.UDPConn, l Load) int64 {
	msg := make([]byte, max(l.Size-ipUDPHeaders, 16))
	perPacket := time.Duration(float64(l.Size*8) / float64(l.Bps) * float64(time.Second))
	began := time.Now()
	var sent int64
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for time.Since(began) < l.Duration && ctx.Err() == nil {
		for time.Duration(sent)*perPacket < time.Since(began) {
			_, _ = out.Write(msg) // a full queue is a lost packet, as for any sender
			sent++
		}
		<-tick.C
	}
	return sent * int64(len(msg))
}

func (n *Network) tcp(ctx context.Context, l Load) (LoadResult, error) {
	var in net.Listener
	err := n.Do(l.To, func() (err error) {
		in, err = (&net.ListenConfig{}).Listen(ctx, "tcp4", netip.AddrPortFrom(l.ToAddr, 0).String())
		return err
	})
	if err != nil {
		return LoadResult{}, err
	}
	defer in.Close()
	type received struct {
		bytes int64
		took  time.Duration
		err   error
	}
	done := make(chan received, 1)
	go func() {
		c, err := in.Accept()
		if err != nil {
			done <- received{err: err}
			return
		}
		defer c.Close()
		began := time.Now()
		size, err := io.Copy(io.Discard, c)
		done <- received{size, time.Since(began), err}
	}()
	var out net.Conn
	err = n.Do(l.From, func() (err error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: l.FromAddr.AsSlice()}, Timeout: 5 * time.Second}
		out, err = d.DialContext(ctx, "tcp4", in.Addr().String())
		return err
	})
	if err != nil {
		return LoadResult{}, err
	}
	buf := make([]byte, 64<<10)
	end := time.Now().Add(l.Duration)
	if err := out.SetWriteDeadline(end); err != nil {
		return LoadResult{}, err
	}
	for time.Now().Before(end) && ctx.Err() == nil {
		if _, err := out.Write(buf); err != nil {
			break // the time is over
		}
	}
	_ = out.Close()
	r := <-done
	if r.err != nil {
		return LoadResult{}, r.err
	}
	return LoadResult{Received: r.bytes, Bps: float64(r.bytes) * 8 / r.took.Seconds()}, nil
}

// HeldTo measures until what arrives is what a rate of bps lets through. A
// machine that is busy with something else delivers less, and what it had queued
// later, so a measurement that is off is repeated; a rate that nobody holds is
// off every time.
func (n *Network) HeldTo(ctx context.Context, l Load, bps float64) (LoadResult, error) {
	const tries, least, most = 5, 0.6, 1.1
	var off []string
	for range tries {
		r, err := n.Throughput(ctx, l)
		if err != nil {
			return r, err
		}
		if r.Bps > least*bps && r.Bps < most*bps {
			return r, nil
		}
		off = append(off, fmt.Sprintf("%.2f", r.Bps/1e6))
	}
	return LoadResult{}, fmt.Errorf("%s to %s: %.2f Mbit/s were to be held, %s arrived", l.From, l.To, bps/1e6, strings.Join(off, ", "))
}
