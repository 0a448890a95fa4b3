// SPDX-License-Identifier: Apache-2.0

package network

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Labelled is a packet that came in with MPLS labels (RFC 3032).
type Labelled struct {
	Labels []int // outermost first
	// From and To are of the IPv4 packet inside, invalid for another.
	From, To netip.Addr
	Len      int // bytes with labels
}

const etherTypeMPLS = 0x8847

// CaptureLabels collects what a device gets with labels until count packets
// match or ctx ends; then it gives what there is. started is called when the
// capture listens.
func (n *Network) CaptureLabels(ctx context.Context, namespace, device string, count int, match func(Labelled) bool, started func()) ([]Labelled, error) {
	h, err := n.Handle(namespace)
	if err != nil {
		return nil, err
	}
	link, err := h.LinkByName(device)
	if err != nil {
		return nil, fmt.Errorf("find %s in %s: %w", device, namespace, err)
	}
	fd := -1
	err = n.Do(namespace, func() error {
		var err error
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(htons(etherTypeMPLS))); err != nil {
			return fmt.Errorf("open packet socket: %w", err)
		}
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: htons(etherTypeMPLS), Ifindex: link.Attrs().Index})
	})
	if fd >= 0 {
		defer func() { _ = unix.Close(fd) }()
	}
	if err != nil {
		return nil, fmt.Errorf("capture on %s in %s: %w", device, namespace, err)
	}
	// A short timeout, so that the end of ctx is seen.
	tv := unix.NsecToTimeval((50 * time.Millisecond).Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		return nil, fmt.Errorf("set timeout of capture: %w", err)
	}
	started()
	return capture(ctx, fd, count, match)
}

func capture(ctx context.Context, fd, count int, match func(Labelled) bool) ([]Labelled, error) {
	var out []Labelled
	buf := make([]byte, 65536)
	for len(out) < count && ctx.Err() == nil {
		size, _, err := unix.Recvfrom(fd, buf, 0)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return out, fmt.Errorf("read capture: %w", err)
		}
		if p, ok := parseLabelled(buf[:size]); ok && match(p) {
			out = append(out, p)
		}
	}
	return out, nil
}

func htons(v uint16) uint16 { return v<<8 | v>>8 }

// parseLabelled reads a label stack and the IPv4 header behind it.
func parseLabelled(b []byte) (Labelled, bool) {
	p := Labelled{Len: len(b)}
	for {
		if len(b) < 4 {
			return p, false
		}
		entry := binary.BigEndian.Uint32(b)
		p.Labels = append(p.Labels, int(entry>>12))
		b = b[4:]
		if entry&0x100 != 0 { // bottom of stack
			break
		}
	}
	if len(b) >= 20 && b[0]>>4 == 4 {
		p.From = netip.AddrFrom4([4]byte(b[12:16]))
		p.To = netip.AddrFrom4([4]byte(b[16:20]))
	}
	return p, true
}
