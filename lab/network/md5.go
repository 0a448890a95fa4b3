// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// WrongDigests counts the TCP segments that a namespace has dropped for an MD5
// digest (RFC 2385) that is missing, not expected or made with another key.
func (n *Network) WrongDigests(namespace string) (uint64, error) {
	var table []byte
	err := n.Do(namespace, func() (err error) {
		table, err = os.ReadFile("/proc/thread-self/net/netstat")
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("TCP counters of %s: %w", namespace, err)
	}
	total, err := wrongDigests(string(table))
	if err != nil {
		return 0, fmt.Errorf("TCP counters of %s: %w", namespace, err)
	}
	return total, nil
}

// wrongDigests reads a table of line pairs, names and values.
func wrongDigests(table string) (uint64, error) {
	var names []string
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "TcpExt:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		var total uint64
		found := 0
		for i, name := range names {
			if !strings.HasPrefix(name, "TCPMD5") || i >= len(fields) {
				continue
			}
			v, err := strconv.ParseUint(fields[i], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
			total += v
			found++
		}
		if found > 0 {
			return total, nil
		}
	}
	return 0, errors.New("this kernel counts no TCP MD5 digests (TCP_MD5SIG)")
}
