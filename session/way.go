// SPDX-License-Identifier: Apache-2.0

package session

// Way is the second way of a protected session, as it was admitted.
type Way struct {
	Forward   Nodes
	Reverse   Nodes
	RTTMicros uint32
	LossPPM   uint32 `json:",omitzero"` // as in Route
	// Meets says that the network took it over something of the first way when
	// it was reserved there: the two may fail together.
	Meets bool `json:",omitzero"`
}

// SlowestMicros is the round trip of the slower of a route's ways.
func (r Route) SlowestMicros() uint32 {
	if r.Second == nil {
		return r.RTTMicros
	}
	return max(r.RTTMicros, r.Second.RTTMicros)
}

// WorstLossPPM is the loss of that of a route's ways which loses more.
func (r Route) WorstLossPPM() uint32 {
	if r.Second == nil {
		return r.LossPPM
	}
	return max(r.LossPPM, r.Second.LossPPM)
}

// Ways returns the ends of each way that a session has: of a protected one those
// of the first terminals and those of the second.
func (s Session) Ways() [][2]End {
	ways := [][2]End{{s.A, s.Z}}
	if s.A.Second != nil && s.Z.Second != nil {
		ways = append(ways, [2]End{*s.A.Second, *s.Z.Second})
	}
	return ways
}

// Both returns an end's terminals, each as an end: the first, and the second if
// it has one.
func (e End) Both() []End {
	if e.Second == nil {
		return []End{e}
	}
	return []End{e, *e.Second}
}
