// SPDX-License-Identifier: Apache-2.0

package network

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Ping says what to send.
type Ping struct {
	To netip.Addr
	// From is the source address, chosen by the kernel when invalid.
	From netip.Addr
	// Device binds to a device, for example a VRF.
	Device string
	// Count packets are sent, until ctx ends when it is 0.
	Count    int
	Interval time.Duration // 100 ms when 0
	// Timeout is how long the last answer is waited for, 1 s when 0.
	Timeout time.Duration
	// Size is the length of the IP packet, 84 when 0.
	Size int
	// DontFragment sets DF, and takes no part in path MTU discovery.
	DontFragment bool
}

// PingResult says what came back.
type PingResult struct {
	Sent, Received int
	Min, Avg, Max  time.Duration
	// Gap is the longest time between two answers, or from the first packet
	// to the first answer.
	Gap time.Duration
}

const ipICMPHeaders = 28

// Ping sends ICMP echo requests (RFC 792) from a namespace and waits for the
// answers. No answer is no error. A packet that cannot be sent counts as sent.
func (n *Network) Ping(ctx context.Context, namespace string, p Ping) (PingResult, error) {
	conn, err := n.icmpSocket(namespace, p)
	if err != nil {
		return PingResult{}, fmt.Errorf("ping %s from %s: %w", p.To, namespace, err)
	}
	defer conn.Close()
	if p.Interval == 0 {
		p.Interval = 100 * time.Millisecond
	}
	if p.Timeout == 0 {
		p.Timeout = time.Second
	}
	run := &pingRun{sent: map[uint16]time.Time{}, last: time.Now(), id: uint16(os.Getpid()&0xffff) ^ uint16(time.Now().UnixNano()&0xffff)}
	var reader sync.WaitGroup
	reader.Go(func() { run.receive(conn) })
	run.send(ctx, conn, p)
	deadline := time.Now().Add(p.Timeout)
	for time.Now().Before(deadline) && !run.complete() {
		time.Sleep(2 * time.Millisecond)
	}
	_ = conn.Close()
	reader.Wait()
	return run.result, nil
}

func (n *Network) icmpSocket(namespace string, p Ping) (net.PacketConn, error) {
	var conn net.PacketConn
	err := n.Do(namespace, func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_ICMP)
		if err != nil {
			return fmt.Errorf("open socket: %w", err)
		}
		file := os.NewFile(uintptr(fd), "icmp")
		defer file.Close()
		if p.Device != "" {
			if err := unix.BindToDevice(fd, p.Device); err != nil {
				return fmt.Errorf("bind to %s: %w", p.Device, err)
			}
		}
		if p.From.IsValid() {
			if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: p.From.As4()}); err != nil {
				return fmt.Errorf("bind to %s: %w", p.From, err)
			}
		}
		discover := unix.IP_PMTUDISC_DONT
		if p.DontFragment {
			discover = unix.IP_PMTUDISC_PROBE
		}
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, discover); err != nil {
			return fmt.Errorf("set DF: %w", err)
		}
		conn, err = net.FilePacketConn(file)
		return err
	})
	return conn, err
}

type pingRun struct {
	id     uint16
	mu     sync.Mutex // guards what follows
	sent   map[uint16]time.Time
	last   time.Time
	total  time.Duration
	result PingResult
}

func (r *pingRun) send(ctx context.Context, conn net.PacketConn, p Ping) {
	tick := time.NewTicker(p.Interval)
	defer tick.Stop()
	size := p.Size
	if size == 0 {
		size = 84
	}
	msg := make([]byte, max(size-ipICMPHeaders, 0)+8)
	to := &net.IPAddr{IP: p.To.AsSlice()}
	for seq := uint16(0); p.Count == 0 || int(seq) < p.Count; seq++ {
		msg[0], msg[1], msg[2], msg[3] = 8, 0, 0, 0
		binary.BigEndian.PutUint16(msg[4:], r.id)
		binary.BigEndian.PutUint16(msg[6:], seq)
		binary.BigEndian.PutUint16(msg[2:], checksum(msg))
		r.mu.Lock()
		r.sent[seq] = time.Now()
		r.result.Sent++
		r.mu.Unlock()
		_, _ = conn.WriteTo(msg, to) // what does not leave does not come back
		if p.Count != 0 && int(seq) == p.Count-1 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (r *pingRun) complete() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.result.Received == r.result.Sent
}

func (r *pingRun) receive(conn net.PacketConn) {
	buf := make([]byte, 65536)
	for {
		n, _, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		r.answer(buf[:n], time.Now())
	}
}

// answer takes an ICMP message; the net package has taken its IP header off,
// where it does so.
func (r *pingRun) answer(msg []byte, at time.Time) {
	if len(msg) >= 20 && msg[0]>>4 == 4 {
		msg = msg[min(int(msg[0]&15)*4, len(msg)):]
	}
	if len(msg) < 8 || msg[0] != 0 || binary.BigEndian.Uint16(msg[4:]) != r.id {
		return
	}
	seq := binary.BigEndian.Uint16(msg[6:])
	r.mu.Lock()
	defer r.mu.Unlock()
	sent, ok := r.sent[seq]
	if !ok {
		return
	}
	delete(r.sent, seq)
	rtt := at.Sub(sent)
	res := &r.result
	res.Received++
	r.total += rtt
	if res.Min == 0 || rtt < res.Min {
		res.Min = rtt
	}
	res.Max = max(res.Max, rtt)
	res.Avg = r.total / time.Duration(res.Received)
	res.Gap = max(res.Gap, at.Sub(r.last))
	r.last = at
}

func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// WaitPing sends one packet after the other until one is answered, and says
// how long that took.
func (n *Network) WaitPing(ctx context.Context, namespace string, p Ping) (time.Duration, error) {
	began := time.Now()
	p.Count, p.Timeout = 1, 100*time.Millisecond
	for {
		r, err := n.Ping(ctx, namespace, p)
		if err != nil {
			return 0, err
		}
		if r.Received > 0 {
			return time.Since(began), nil
		}
		if ctx.Err() != nil {
			return 0, fmt.Errorf("no answer from %s to %s: %w", p.To, namespace, ctx.Err())
		}
	}
}
