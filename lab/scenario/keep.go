// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"io"
)

// ExplainKept says how to use a lab that was left running.
func ExplainKept(out io.Writer, s *Stack) {
	_, _ = fmt.Fprintf(out, `
The lab goes on until you end it (Ctrl-C, or exit of its shell). Within it:
  API        https://%s/site-to-cloud-vpn/v0.1   (CA: %s)
  token      s2cd token --issuer http://%s --client client-1 --secret-file %s/client-1.secret
  operators  s2cd operator session list --admin %s; s2cd doctor --admin %s
  a site     ip netns exec CEA ping -I 10.1.0.10 172.16.1.10   (while a session is active)
  a router   ip -n PE1 route show vrf s2c1000                  (likewise)
  logs       %s
`, apiAddr, s.Certs.CA(), issuerAddr, s.dir, adminAddr, adminAddr, s.LogFile("*"))
}
