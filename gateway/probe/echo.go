// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"bytes"
	"encoding/binary"
)

const (
	// fullBit of a sequence number tells full-size packets from small ones.
	fullBit = 0x8000

	headerSize = 8 // of ICMP echo, RFC 792
	smallSize  = headerSize + 16

	echoRequest4, echoReply4 = 8, 0     // RFC 792
	echoRequest6, echoReply6 = 128, 129 // RFC 4443 section 4
)

// echo makes and recognises the packets of one socket.
type echo struct {
	six   bool
	id    uint16
	nonce [8]byte // so that nobody else's echo is taken for ours
}

// request is an ICMP message; size is that of the whole IP packet, 0 for small.
func (e *echo) request(seq, size uint16) []byte {
	n := smallSize
	if size != 0 {
		n = max(int(size)-e.ipHeader(), smallSize)
	}
	b := make([]byte, n)
	b[0] = echoRequest4
	if e.six {
		b[0] = echoRequest6
	}
	binary.BigEndian.PutUint16(b[4:], e.id)
	binary.BigEndian.PutUint16(b[6:], seq)
	copy(b[headerSize:], e.nonce[:])
	if !e.six { // the kernel writes that of ICMPv6 (RFC 3542 section 3.1)
		binary.BigEndian.PutUint16(b[2:], checksum(b))
	}
	return b
}

// reply returns the sequence number of an answer to one of our requests.
func (e *echo) reply(b []byte) (uint16, bool) {
	want := byte(echoReply4)
	if e.six {
		want = echoReply6
	}
	if len(b) < smallSize || b[0] != want || b[1] != 0 || binary.BigEndian.Uint16(b[4:]) != e.id {
		return 0, false
	}
	if !bytes.Equal(b[headerSize:headerSize+len(e.nonce)], e.nonce[:]) {
		return 0, false
	}
	return binary.BigEndian.Uint16(b[6:]), true
}

func (e *echo) ipHeader() int {
	if e.six {
		return 40
	}
	return 20
}

// checksum is the Internet checksum (RFC 1071) of b, whose checksum field is zero.
func checksum(b []byte) uint16 {
	var s uint32
	for i := 0; i+1 < len(b); i += 2 {
		s += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		s += uint32(b[len(b)-1]) << 8
	}
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return ^uint16(s)
}
