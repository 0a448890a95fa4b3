// SPDX-License-Identifier: Apache-2.0

package pathcomp

// Object names a part of a request as PCEP does: those that a NO-PATH object
// lists as unsatisfied (RFC 5440 section 7.5).
type Object string

// The objects.
const (
	EndPoints       Object = "END-POINTS" // RFC 5440 section 7.6: an end is not known, or not reachable
	BandwidthObject Object = "BANDWIDTH"  // section 7.7
	MetricObject    Object = "METRIC"     // section 7.8: a bound on latency or loss (RFC 8233), or hops
	LSPA            Object = "LSPA"       // section 7.11: affinities
	IRO             Object = "IRO"        // section 7.12: nodes to include
	XRO             Object = "XRO"        // RFC 5521 section 2.1: what to exclude
	SVEC            Object = "SVEC"       // RFC 5440 section 7.13.2: two paths that are to be diverse
)

// objects are what a cause says of a request by itself.
func (c Cause) objects() []Object {
	switch c {
	case UnknownNode, NoPath, Maintenance:
		return []Object{EndPoints}
	case Bandwidth:
		return []Object{BandwidthObject}
	case Latency, Loss, Hops, Bounds:
		return []Object{MetricObject}
	case Disjoint:
		return []Object{SVEC}
	case Policy, Undecided, Invalid, Unsupported:
	}
	return nil
}
