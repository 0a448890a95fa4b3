// SPDX-License-Identifier: Apache-2.0

package network

import "testing"

func TestWrongDigests(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		table string
		want  uint64
		fails bool
	}{
		"sum":            {"TcpExt: SyncookiesSent TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure TCPX\nTcpExt: 9 1 2 3 9\nIpExt: InNoRoutes\nIpExt: 5\n", 6, false},
		"other first":    {"IpExt: TCPMD5NotFound\nIpExt: 7\nTcpExt: TCPMD5Failure\nTcpExt: 4\n", 4, false},
		"none counted":   {"TcpExt: SyncookiesSent\nTcpExt: 9\n", 0, true},
		"no values":      {"TcpExt: TCPMD5Failure\n", 0, true},
		"short":          {"TcpExt: A TCPMD5Failure\nTcpExt: 1\n", 0, true},
		"not a number":   {"TcpExt: TCPMD5Failure\nTcpExt: x\n", 0, true},
		"nothing at all": {"", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := wrongDigests(tc.table)
			if got != tc.want || (err != nil) != tc.fails {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
}
