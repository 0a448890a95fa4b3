// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

// observation reads /state; every list is sorted.
func observation(s *gwyang.S2CdGateway_State) (southbound.Observation, error) {
	var obs southbound.Observation
	if s == nil {
		return obs, nil
	}
	if err := measured(s, &obs); err != nil {
		return obs, err
	}
	if s.Attachments != nil {
		for _, a := range s.Attachments.Attachment {
			obs.Attachments = append(obs.Attachments, southbound.AttachmentState{
				Port: value(a.Port), VLAN: value(a.Vlan), InOctets: value(a.InOctets), OutOctets: value(a.OutOctets),
			})
		}
	}
	if s.Slots != nil {
		for _, sl := range s.Slots.Slot {
			obs.Slots = append(obs.Slots, southbound.TunnelSlot{Port: value(sl.Port), PublicKey: value(sl.PublicKey)})
		}
	}
	order(&obs)
	return obs, nil
}

// measured reads tunnels and probes.
func measured(s *gwyang.S2CdGateway_State, obs *southbound.Observation) error {
	if s.Tunnels != nil {
		for _, t := range s.Tunnels.Tunnel {
			at, err := stamp(t.LastHandshake)
			if err != nil {
				return fmt.Errorf("tunnel %s: %w", value(t.Name), err)
			}
			obs.Tunnels = append(obs.Tunnels, southbound.TunnelState{
				VRF: value(t.Vrf), Name: value(t.Name), LastHandshake: at, RxBytes: value(t.RxBytes), TxBytes: value(t.TxBytes),
			})
		}
	}
	if s.Probes != nil {
		for _, p := range s.Probes.Probe {
			r, err := probeResult(p)
			if err != nil {
				return fmt.Errorf("probe %s of vrf %s: %w", value(p.Name), value(p.Vrf), err)
			}
			obs.Probes = append(obs.Probes, r)
		}
	}
	return nil
}

func order(o *southbound.Observation) {
	slices.SortFunc(o.Tunnels, func(a, b southbound.TunnelState) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Probes, func(a, b southbound.ProbeResult) int {
		return cmp.Or(cmp.Compare(a.VRF, b.VRF), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(o.Attachments, func(a, b southbound.AttachmentState) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.VLAN, b.VLAN))
	})
	slices.SortFunc(o.Slots, func(a, b southbound.TunnelSlot) int { return cmp.Compare(a.Port, b.Port) })
}

func probeResult(p *gwyang.S2CdGateway_State_Probes_Probe) (southbound.ProbeResult, error) {
	r := southbound.ProbeResult{
		VRF: value(p.Vrf), Name: value(p.Name), Sent: value(p.Sent), Received: value(p.Received),
		FullSent: value(p.FullSent), FullReceived: value(p.FullReceived), LastRTTMicros: value(p.RttLast),
		MinRTTMicros: value(p.RttMin), MeanRTTMicros: value(p.RttMean), MaxRTTMicros: value(p.RttMax),
		Window: value(p.Window), WindowLost: value(p.WindowLost), Error: value(p.Error),
	}
	var err error
	if r.Started, err = stamp(p.Started); err != nil {
		return r, err
	}
	r.LastReply, err = stamp(p.LastReply)
	return r, err
}

// stamp reads a date-and-time (RFC 6991 section 3); absent is the zero time.
func stamp(s *string) (time.Time, error) {
	if s == nil {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, *s)
	if err != nil {
		return t, fmt.Errorf("date-and-time: %w", err)
	}
	return t.UTC(), nil
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
