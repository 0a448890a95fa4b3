// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/s2cd/s2cd/southbound"
)

// OpenProbe opens a raw ICMP socket in the data plane's namespace, bound to
// the VRF's device and to the probe's source, that never fragments. A filter
// in the kernel passes only messages with this echo id, so a thousand probes
// do not read each other's answers.
func (r *Realiser) OpenProbe(ctx context.Context, vrf string, p southbound.Probe, id uint16) (net.PacketConn, error) {
	network := "ip4:icmp"
	if p.Source.Is6() {
		network = "ip6:ipv6-icmp"
	}
	filter, err := idFilter(p.Source.Is6(), id)
	if err != nil {
		return nil, err
	}
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var set error
		err := raw.Control(func(fd uintptr) { set = probeOptions(int(fd), vrf, p.Source.Is6(), filter) })
		return errors.Join(err, set)
	}}
	var conn net.PacketConn
	err = r.ns.do(func() (err error) {
		conn, err = lc.ListenPacket(ctx, network, p.Source.String())
		return err //nolint:wrapcheck // wrapped below
	})
	if err != nil {
		return nil, fmt.Errorf("probe socket: %w", err)
	}
	return conn, nil
}

func probeOptions(fd int, vrf string, six bool, filter []unix.SockFilter) error {
	if err := unix.BindToDevice(fd, vrf); err != nil {
		return fmt.Errorf("bind to vrf %s: %w", vrf, err)
	}
	var err error
	if six {
		err = errors.Join(
			unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DO),
			unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_DONTFRAG, 1))
	} else {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO)
	}
	if err != nil {
		return fmt.Errorf("forbid fragments: %w", err)
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]} //nolint:gosec // a handful
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	return nil
}

// idFilter passes ICMP messages with this echo id. IPv4 raw sockets see the IP
// header first (raw(7)), IPv6 ones do not (RFC 3542 section 3).
func idFilter(six bool, id uint16) ([]unix.SockFilter, error) {
	program := []bpf.Instruction{
		bpf.LoadMemShift{Off: 0},
		bpf.LoadIndirect{Off: 4, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(id), SkipFalse: 1},
		bpf.RetConstant{Val: 65535},
		bpf.RetConstant{Val: 0},
	}
	if six {
		program[0], program[1] = bpf.LoadConstant{Dst: bpf.RegX, Val: 0}, bpf.LoadAbsolute{Off: 4, Size: 2}
	}
	raw, err := bpf.Assemble(program)
	if err != nil {
		return nil, fmt.Errorf("probe filter: %w", err)
	}
	out := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		out[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return out, nil
}
