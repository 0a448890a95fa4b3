// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"path/filepath"
	"strconv"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/s2cd/s2cd/southbound"
)

// slots holds one key for every UDP port that a tunnel may listen on. A key
// exists, and its public half is published, before a tunnel has it; when the
// tunnel is gone for good the slot gets a new one. Private keys leave this
// type for the Realiser only.
type slots struct {
	dir   stateDir
	first uint16
	slot  []slot
}

// slot is one port; the file on disk has the same shape.
type slot struct {
	Private string `json:"private"`
	Tunnel  string `json:"tunnel,omitempty"` // who has the key; empty: nobody yet
	Kept    bool   `json:"kept,omitempty"`   // the tunnel was in a confirmed configuration

	key    wgtypes.Key
	public string
}

func openSlots(dir stateDir, first, last uint16) (*slots, error) {
	s := &slots{dir: dir, first: first, slot: make([]slot, int(last)-int(first)+1)}
	for i := range s.slot {
		port := first + uint16(i)
		found, err := dir.read(slotFile(port), &s.slot[i])
		if err != nil {
			return nil, err
		}
		if !found {
			if err := s.renew(port); err != nil {
				return nil, err
			}
			continue
		}
		if s.slot[i].key, err = wgtypes.ParseKey(s.slot[i].Private); err != nil {
			return nil, fmt.Errorf("key of slot %d: %w", port, err)
		}
		s.slot[i].public = s.slot[i].key.PublicKey().String()
	}
	return s, nil
}

func slotFile(port uint16) string {
	return filepath.Join(slotFolder, strconv.Itoa(int(port))+".json")
}

func (s *slots) has(port uint16) bool {
	return port >= s.first && int(port-s.first) < len(s.slot)
}

// check refuses a tunnel on a slot that another one still has.
func (s *slots) check(t southbound.Tunnel) error {
	if !s.has(t.ListenPort) {
		return fmt.Errorf("listen-port %d is no slot of this gateway (%d to %d)",
			t.ListenPort, s.first, int(s.first)+len(s.slot)-1)
	}
	if held := s.slot[t.ListenPort-s.first].Tunnel; held != "" && held != t.Name {
		return fmt.Errorf("slot %d belongs to tunnel %s until its removal is confirmed", t.ListenPort, held)
	}
	return nil
}

// assign writes down who has which slot and returns the keys for cfg.
func (s *slots) assign(cfg southbound.DeviceConfig) (map[uint16]wgtypes.Key, error) {
	keys := make(map[uint16]wgtypes.Key)
	for _, v := range cfg.VRFs {
		for _, t := range v.Tunnels {
			if err := s.check(t); err != nil {
				return nil, fmt.Errorf("vrf %s tunnel %s: %w", v.Name, t.Name, err)
			}
			sl := &s.slot[t.ListenPort-s.first]
			keys[t.ListenPort] = sl.key
			if sl.Tunnel == t.Name {
				continue
			}
			next := *sl
			next.Tunnel = t.Name
			if err := s.dir.write(slotFile(t.ListenPort), next); err != nil {
				return nil, err
			}
			*sl = next
		}
	}
	return keys, nil
}

// settle compares the slots with the confirmed cfg: a tunnel that was in one and
// is not any more leaves its slot with a new key. One that was only tried (its
// commit was undone) leaves the key as it was, because the customer has been
// told it and the tunnel will be tried again.
func (s *slots) settle(cfg southbound.DeviceConfig) error {
	used := make(map[uint16]string)
	for _, v := range cfg.VRFs {
		for _, t := range v.Tunnels {
			used[t.ListenPort] = t.Name
		}
	}
	for i := range s.slot {
		if err := s.settleOne(s.first+uint16(i), used); err != nil {
			return err
		}
	}
	return nil
}

func (s *slots) settleOne(port uint16, used map[uint16]string) error {
	next := s.slot[port-s.first]
	switch {
	case next.Tunnel == "":
		return nil
	case next.Tunnel != used[port] && next.Kept:
		return s.renew(port)
	case next.Tunnel != used[port]:
		next.Tunnel = ""
	case next.Kept:
		return nil
	default:
		next.Kept = true
	}
	if err := s.dir.write(slotFile(port), next); err != nil {
		return err
	}
	s.slot[port-s.first] = next
	return nil
}

func (s *slots) renew(port uint16) error {
	key, err := wgtypes.GeneratePrivateKey()
	if err != nil {
		return fmt.Errorf("key of slot %d: %w", port, err)
	}
	next := slot{Private: key.String(), key: key, public: key.PublicKey().String()}
	if err := s.dir.write(slotFile(port), next); err != nil {
		return err
	}
	s.slot[port-s.first] = next
	return nil
}
