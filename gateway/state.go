// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

// snapshot returns the configuration's tree (shared, never to be changed) and a copy of
// what the agent says of itself.
func (a *Agent) snapshot() shown {
	a.stateMu.Lock()
	defer a.stateMu.Unlock()
	return a.shown
}

// state builds /state. It waits for no Set.
func (a *Agent) state(ctx context.Context) (*gwyang.S2CdGateway_State, error) {
	s := a.snapshot()
	st := &gwyang.S2CdGateway_State{Agent: a.agentState(s), Slots: slotState(s)}
	var cfg southbound.DeviceConfig
	if s.tree != nil {
		cfg = s.tree.cfg
	}
	counters, err := a.cfg.Realiser.Observe(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("observe: %w", err)
	}
	st.Tunnels = tunnelState(counters)
	st.Attachments = attachmentState(counters)
	st.Probes = probeState(a.cfg.Prober.Results())
	return st, nil
}

func (a *Agent) agentState(s shown) *gwyang.S2CdGateway_State_Agent {
	out := &gwyang.S2CdGateway_State_Agent{
		Version: &a.cfg.Version, Ready: &s.ready, Fault: s.faults,
		Fence: &gwyang.S2CdGateway_State_Agent_Fence{High: &s.fence.High, Low: &s.fence.Low},
	}
	if s.pending != "" || s.rolledBack != "" {
		out.Commit = &gwyang.S2CdGateway_State_Agent_Commit{
			Pending: text(s.pending), RollbackAt: stamp(s.rollbackAt), RolledBack: text(s.rolledBack),
		}
	}
	return out
}

func slotState(s shown) *gwyang.S2CdGateway_State_Slots {
	out := &gwyang.S2CdGateway_State_Slots{Slot: map[uint16]*gwyang.S2CdGateway_State_Slots_Slot{}}
	for _, sl := range s.slots {
		out.Slot[sl.port] = &gwyang.S2CdGateway_State_Slots_Slot{
			Port: &sl.port, PublicKey: &sl.publicKey, Tunnel: text(sl.tunnel),
		}
	}
	return out
}

func tunnelState(c Counters) *gwyang.S2CdGateway_State_Tunnels {
	if len(c.Tunnels) == 0 {
		return nil
	}
	out := &gwyang.S2CdGateway_State_Tunnels{Tunnel: map[string]*gwyang.S2CdGateway_State_Tunnels_Tunnel{}}
	for _, t := range c.Tunnels {
		engine := gwyang.S2CdGateway_State_Tunnels_Tunnel_Engine_kernel
		if t.Userspace {
			engine = gwyang.S2CdGateway_State_Tunnels_Tunnel_Engine_userspace
		}
		out.Tunnel[t.Name] = &gwyang.S2CdGateway_State_Tunnels_Tunnel{
			Name: &t.Name, Vrf: &t.VRF, PublicKey: text(t.PublicKey), LastHandshake: stamp(t.LastHandshake),
			RxBytes: &t.RxBytes, TxBytes: &t.TxBytes, Engine: engine,
		}
	}
	return out
}

func attachmentState(c Counters) *gwyang.S2CdGateway_State_Attachments {
	if len(c.Attachments) == 0 {
		return nil
	}
	out := &gwyang.S2CdGateway_State_Attachments{
		Attachment: map[gwyang.S2CdGateway_State_Attachments_Attachment_Key]*gwyang.S2CdGateway_State_Attachments_Attachment{},
	}
	for _, x := range c.Attachments {
		out.Attachment[gwyang.S2CdGateway_State_Attachments_Attachment_Key{Port: x.Port, Vlan: x.VLAN}] =
			&gwyang.S2CdGateway_State_Attachments_Attachment{
				Port: &x.Port, Vlan: &x.VLAN, Vrf: &x.VRF, InOctets: &x.InOctets, OutOctets: &x.OutOctets,
			}
	}
	return out
}

func probeState(results []southbound.ProbeResult) *gwyang.S2CdGateway_State_Probes {
	if len(results) == 0 {
		return nil
	}
	out := &gwyang.S2CdGateway_State_Probes{
		Probe: map[gwyang.S2CdGateway_State_Probes_Probe_Key]*gwyang.S2CdGateway_State_Probes_Probe{},
	}
	for _, r := range results {
		out.Probe[gwyang.S2CdGateway_State_Probes_Probe_Key{Vrf: r.VRF, Name: r.Name}] =
			&gwyang.S2CdGateway_State_Probes_Probe{
				Vrf: &r.VRF, Name: &r.Name, Started: stamp(r.Started), Sent: &r.Sent, Received: &r.Received,
				FullSent: &r.FullSent, FullReceived: &r.FullReceived, RttLast: &r.LastRTTMicros,
				RttMin: &r.MinRTTMicros, RttMean: &r.MeanRTTMicros, RttMax: &r.MaxRTTMicros,
				Window: &r.Window, WindowLost: &r.WindowLost, LastReply: stamp(r.LastReply), Error: text(r.Error),
			}
	}
	return out
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// stamp is a date-and-time (RFC 6991), absent for the zero time.
func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format("2006-01-02T15:04:05.000000Z")
	return &s
}
