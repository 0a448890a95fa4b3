// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"
	"strings"

	"github.com/s2cd/s2cd/southbound/drivertest"
)

// customers is how many customers the daemon knows: every scenario is one of
// its own, so that none sees what another left.
const customers = 500

// maxSessions is how many sessions a customer may have at once.
const maxSessions = 3

// limitedClient is of a customer that may send one request a second.
const limitedClient = "client-limited"

// inventory is four routers in a ring, two more beside two of them, and a gateway.
// Each customer has two sites on devices that do not answer, the sites live-a and
// live-b on routers that do, and a cloud behind the gateway. Of those with a second terminal
// pair-a and pair-b are on four routers that answer; to near-b there are no two
// ways from pair-a that share nothing.
func inventory(listen map[string]string) string {
	var b strings.Builder
	b.WriteString("as: 65000\ndefaults: {reservable: {all: 80%, classes: {best-effort: 80%, assured: 80%, priority: 80%}}}\nnodes:\n")
	for i, name := range routers() {
		fmt.Fprintf(&b, "  - {name: %s, role: pe, platform: labpe, loopback: 10.255.0.%d, management: %q, identity: %q}\n", name, i+1, listen[name], drivertest.Identity(name))
	}
	fmt.Fprintf(&b, "  - {name: GW, role: gateway, platform: s2cgw, management: %q, identity: %q}\nlinks:\n", listen["GW"], drivertest.Identity("GW"))
	for _, ends := range [][2]string{{"PE1", "PE2"}, {"PE2", "PE3"}, {"PE3", "PE4"}, {"PE4", "PE1"}, {"PE5", "PE6"}, {"PE1", "PE5"}, {"PE2", "PE6"}} {
		fmt.Fprintf(&b, "  - {name: %[1]s-%[2]s, a: \"%[1]s:to%[2]s\", z: \"%[2]s:to%[1]s\", capacity: 10Gbps, latency: 2ms, igpMetric: 10}\n", ends[0], ends[1])
	}
	b.WriteString("ports:\n")
	for _, pe := range routers() {
		fmt.Fprintf(&b, "  - {pe: %s, port: eth1, capacity: 100Gbps}\n", pe)
	}
	b.WriteString(network)
	for i := range customers {
		fmt.Fprintf(&b, "  - id: customer-%[1]d\n    name: Customer %[1]d\n    clients: [client-%[1]d]\n    quota: {sessions: %[2]d, rate: 50Gbps, offers: 2}\n    accessPoints:\n", i, maxSessions)
		for j, site := range []struct{ id, pe string }{{"site-a", "PE3"}, {"site-b", "PE4"}, {"live-a", "PE1"}, {"live-b", "PE2"}} {
			fmt.Fprintf(&b, "      - {id: %s, type: SITE, primary: {address: 192.168.%[2]d.2, attachment: {pe: %[3]s, port: eth1, vlan: %[4]d, addresses: [192.168.%[2]d.1/30], mtu: 1500, max: 100Gbps}}}\n",
				site.id, j, site.pe, 100+i)
		}
		for j, site := range []struct{ id, first, second string }{{"pair-a", "PE1", "PE5"}, {"pair-b", "PE2", "PE6"}, {"near-b", "PE2", "PE3"}} {
			at := func(pe string, side int) string {
				return fmt.Sprintf("{address: 192.168.%[1]d.%[2]d, attachment: {pe: %[3]s, port: eth1, vlan: %[4]d, addresses: [192.168.%[1]d.%[5]d/30], mtu: 1500, max: 100Gbps}}",
					10+j, 4*side+2, pe, 1000*(j+1)+i, 4*side+1)
			}
			fmt.Fprintf(&b, "      - {id: %s, type: SITE, primary: %s, secondary: %s}\n", site.id, at(site.first, 0), at(site.second, 1))
		}
		b.WriteString("      - {id: cloud, type: CLOUD, primary: {address: 198.51.100.2, handoff: cloud-gw}}\n")
	}
	b.WriteString("  - {id: limited, name: Limited, clients: [" + limitedClient + "], quota: {requests: 1}}\n")
	return b.String()
}

func routers() []string { return []string{"PE1", "PE2", "PE3", "PE4", "PE5", "PE6"} }

// answering are the routers that are there.
func answering() []string { return []string{"PE1", "PE2", "PE5", "PE6"} }

const network = `gateways:
  - {node: GW, capacity: 100Gbps, underlay: 203.0.113.2, tunnelPorts: 50000-50015, ports: [trunk]}
handoffs:
  - {name: cloud-gw, kind: wireguard, pe: PE2, port: eth2, gateway: GW, gatewayPort: trunk, mtu: 1500, tunnelMtu: 1420, maxRate: 100Gbps, vlans: 100-4000}
pools:
  vpn: 1000-9999
  rd: 1-9999
  transfer: {ipv4: 100.64.0.0/16}
catalogue:
  currency: EUR
  overhead: 2%
  leadGuard: 30s
  tailGuard: 30s
  defaultDuration: 183d
  maxDuration: 366d
  applyDeadline: 10m
  offerValidity: 8s
  holdFor: 10s
  warnBefore: 9s
  keepTerminated: 1h
  levels:
    - {name: A, class: best-effort, dscp: 0, maxLoss: 1%, availability: 99%, booking: 50%, measureEvery: 1s, price: {setUp: 0, perMbpsHour: 0.002}}
    - {name: AA, class: assured, dscp: AF31, maxRtt: 50ms, availability: 99.9%, booking: 100%, measureEvery: 30s, price: {setUp: 5.00, perMbpsHour: 0.005, minimum: 1h}}
    - {name: AAA, class: priority, dscp: EF, maxRtt: 20ms, availability: 99.99%, protected: true, booking: 100%, measureEvery: 10s, price: {setUp: 20.00, perMbpsHour: 0.012, minimum: 1h, protection: 50%}}
tenants:
`
